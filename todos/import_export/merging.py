"""What a file has becomes part of a list, and nothing of it becomes so twice.

A to-do that the file knows by a uid is the one of the owner's with that uid. Of the others, the first of a title and
due date is the owner's first with these, the second the second, and so on. What is in the list stays as it is. What is
in the trash comes out of it, to its old place, as the file has it: who reads in a backup wants it back. The rest is
added at the end, in the file's order.

All of it is one transaction, and so short that whoever wants to write meanwhile can wait for it, also on SQLite: what
can be prepared is (see `Preparation`). Django's bulk_create would prepare in it, which takes five times as long.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import date
from itertools import chain
from typing import Any, NamedTuple

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import F
from django.utils import timezone

from progress.reporter import Progress
from todos import limits, ordering
from todos.models import Todo, new_uid
from todos.search import FOLDED, fold

AT_ONCE = 200
"""Rows of one statement."""

MAX_LOOKED_UP = 900
"""Uids of a short file that are looked up in a long list. SQLite takes 999 parameters."""

LATE = ("uid", "order", "updated_at")
"""The columns of which the values are known only when the rows are written."""

FIELDS = [
    field for field in Todo._meta.concrete_fields if not (field.primary_key or field.generated or field.name in LATE)
]
COLUMNS = [*(field.column for field in FIELDS), *LATE]
WRITE = f"""
    INSERT INTO todos_todo ({", ".join(f'"{column}"' for column in COLUMNS)})
    VALUES {{rows}}
    ON CONFLICT (owner_id, uid) DO UPDATE SET
        title = EXCLUDED.title, due_on = EXCLUDED.due_on, completed_at = EXCLUDED.completed_at,
        title_folded = EXCLUDED.title_folded,
        notes = CASE WHEN EXCLUDED.notes = '' THEN todos_todo.notes ELSE EXCLUDED.notes END,
        notes_folded = CASE WHEN EXCLUDED.notes = '' THEN todos_todo.notes_folded ELSE EXCLUDED.notes_folded END,
        batch = EXCLUDED.batch, completed_before = todos_todo.completed_at, deleted_before = todos_todo.deleted_at,
        deleted_at = NULL, updated_at = EXCLUDED.updated_at, version = todos_todo.version + 1
    WHERE todos_todo.deleted_at IS NOT NULL
"""  # noqa: S608 (the names are our own)
"""A file without notes may be of a format that can't have any, so those that are there stay. What somebody has just
taken out of the trash is in the list, and stays as it is too.
"""

ROW = f"({', '.join(['%s'] * len(COLUMNS))})"

Content = tuple[str, date | None]
"""The title and due date, by which a to-do without a uid is known."""


class Wanted(NamedTuple):
    """A to-do as a file has it, ready to be written."""

    uid: str
    is_known_by_uid: bool
    """Or else the file has none, and the uid is a new one."""

    content: Content
    values: tuple[Any, ...]
    """Of FIELDS."""

    text_length: int


class Known(NamedTuple):
    """One that the owner has, be it in the trash."""

    pk: int
    uid: str
    order: int
    is_in_trash: bool


_WRITTEN = Known(0, "", 0, is_in_trash=False)


class Counts(NamedTuple):
    added: int
    restored: int
    present: int
    """In the list already."""


class Preparation:
    """Converts to-dos to what the database stores, before the transaction that writes them.

    What all to-dos of an import have in common is converted once.
    """

    def __init__(self, common: Todo) -> None:
        """`common` is a to-do, not saved, with the values that all have unless `prepare` is given others."""
        self._connection = connections[DEFAULT_DB_ALIAS]  # much faster than the proxy `connection`, field by field
        self._places = {field.attname: place for place, field in enumerate(FIELDS)}
        self._common = [self._stored(place, field.pre_save(common, True)) for place, field in enumerate(FIELDS)]

    def prepare(self, uid: str, values: dict[str, Any]) -> Wanted:
        """Return the to-do of these values, title and notes among them. Without a uid it gets a new one."""
        folded = {column: fold(values[name]) for name, column in FOLDED.items()}
        stored = self._common.copy()
        for name, value in {**values, **folded}.items():
            place = self._places[name]
            stored[place] = self._stored(place, value)
        content = (values["title"], values["due_on"])
        return Wanted(uid or new_uid(), bool(uid), content, tuple(stored), sum(map(len, folded.values())))

    def _stored(self, place: int, value: Any) -> Any:
        return None if value is None else FIELDS[place].get_db_prep_save(value, self._connection)


def merge(owner: Any, wanted: Sequence[Wanted], progress: Progress) -> Counts:
    """Write what is missing. The owner's list is held. Raises ListFull."""
    missing, trashed = _compare(wanted, _Owned(owner, wanted))
    limits.make_room(owner.todos.all(), len(missing), sum(each.text_length for each in missing))
    positions = ordering.positions_at_end(owner.todos.all(), len(missing))
    now = Todo._meta.get_field("updated_at").get_db_prep_save(timezone.now(), connection)
    lines = [(*each.values, known.uid, known.order, now) for each, known in trashed]
    lines += [(*each.values, each.uid, position, now) for each, position in zip(missing, positions, strict=True)]
    _write(lines, progress)
    return Counts(len(missing), len(trashed), len(wanted) - len(lines))


def _compare(wanted: Sequence[Wanted], owned: "_Owned") -> tuple[list[Wanted], list[tuple[Wanted, Known]]]:
    """What is missing, and what is in the trash: that by its ids, in the order of which others lock it too."""
    missing, trashed = [], []
    for each in wanted:
        known = owned.match(each)
        if known is None:
            missing.append(each)
        elif known.is_in_trash:
            trashed.append((each, known))
    return missing, sorted(trashed, key=lambda found: found[1].pk)


def _write(lines: list[tuple[Any, ...]], progress: Progress) -> None:
    progress.stage("Writing to-dos", total=len(lines), unit="to-dos")
    with connection.cursor() as cursor:
        for start in range(0, len(lines), AT_ONCE):
            some = lines[start : start + AT_ONCE]
            if connection.vendor == "sqlite":  # which runs a statement of one row many times more quickly
                cursor.executemany(WRITE.format(rows=ROW), some)
            else:
                cursor.execute(WRITE.format(rows=", ".join([ROW] * len(some))), list(chain.from_iterable(some)))
            progress.advance(len(some))


class _Owned:
    """The owner's to-dos, each to be found once by what a file says of it."""

    def __init__(self, owner: Any, wanted: Sequence[Wanted]) -> None:
        """Of those alike the first in the list is found first, and those in the trash last."""
        uids = {each.uid for each in wanted if each.is_known_by_uid}
        self._by_uid: dict[str, Known] = {}
        self._alike: defaultdict[Content, deque[Known]] = defaultdict(deque)
        todos = owner.todos.order_by(F("deleted_at").desc(nulls_first=True), "order", "id")
        if len(uids) <= MAX_LOOKED_UP and all(each.is_known_by_uid for each in wanted):
            todos = todos.filter(uid__in=uids)
        columns = ("pk", "uid", "order", "deleted_at", "title", "due_on")
        for pk, uid, place, deleted_at, title, due_on in todos.values_list(*columns):
            known = Known(pk, uid, place, deleted_at is not None)
            if uid in uids:
                self._by_uid[uid] = known
            else:
                self._alike[title, due_on].append(known)

    def match(self, wanted: Wanted) -> Known | None:
        if wanted.is_known_by_uid:
            known = self._by_uid.get(wanted.uid)
            self._by_uid[wanted.uid] = _WRITTEN  # for whoever names it again
            return known
        alike = self._alike[wanted.content]
        return alike.popleft() if alike else None
