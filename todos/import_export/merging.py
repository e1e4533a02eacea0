"""Merging of imported to-dos into a list, without duplicates.

A row with a uid matches the owner's to-do with that uid. A row without one matches by title and due date: the first
such row matches the owner's first such to-do, the second the second, and so on. Matches in the list stay unchanged.
Matches in the trash are restored to their old position with the values of the file, as expected of a backup. All other
rows are added at the end of the list, in the order of the file.

Everything is written in one transaction. It has to be short, because other writers wait for it on SQLite, so values are
converted beforehand (see `TodoPreparer`). Django's bulk_create converts within the transaction and takes five times as
long.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any, NamedTuple

from django.contrib.auth.models import User
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import F
from django.utils import timezone

from progress.reporter import Progress
from todos import limits, ordering
from todos.fields import FILE_FIELDS
from todos.formats import FORMATS
from todos.models import FOLDED, Todo, new_uid
from uploads.search import fold

BATCH_SIZE = 200
"""Rows per statement."""

MAX_UIDS_IN_QUERY = 900
"""Up to this many uids are looked up by query, instead of reading the whole list. SQLite allows 999 parameters."""

SET_ON_WRITE = ("uid", "order", "updated_at")
"""Columns whose values are known only when the rows are written."""

FIELDS = [
    field
    for field in Todo._meta.concrete_fields
    if not (field.primary_key or field.generated or field.name in SET_ON_WRITE)
]
COLUMNS = [*(field.column for field in FIELDS), *SET_ON_WRITE]
IS_EMPTY = {str: "= ''", date: "IS NULL", datetime: "IS NULL"}


def _columns_to_restore(name: str) -> list[str]:
    """Return the columns of a field that are overwritten when a to-do is restored from the trash."""
    if not Todo._meta.get_field(name).editable:
        return []
    return [name, FOLDED[name]] if name in FOLDED else [name]


def _assignment(column: str, name: str) -> str:
    """Return the assignment of a field's column. If some formats lack the field, an empty value doesn't overwrite."""
    if not any(name in format.missing_fields for format in FORMATS.values()):
        return f"{column} = EXCLUDED.{column}"
    is_empty = f"EXCLUDED.{name} {IS_EMPTY[FILE_FIELDS[name]]}"
    return f"{column} = CASE WHEN {is_empty} THEN todos_todo.{column} ELSE EXCLUDED.{column} END"


WRITE = f"""
    INSERT INTO todos_todo ({", ".join(f'"{column}"' for column in COLUMNS)})
    VALUES {{rows}}
    ON CONFLICT (owner_id, uid) DO UPDATE SET
        {", ".join(_assignment(column, name) for name in FILE_FIELDS for column in _columns_to_restore(name))},
        batch = EXCLUDED.batch, completed_before = todos_todo.completed_at, deleted_before = todos_todo.deleted_at,
        deleted_at = NULL, updated_at = EXCLUDED.updated_at, version = todos_todo.version + 1
    WHERE todos_todo.deleted_at IS NOT NULL
"""  # noqa: S608 (the names are constants)
"""A to-do that was restored from the trash after it had been read stays unchanged."""

ROW = f"({', '.join(['%s'] * len(COLUMNS))})"

Content = tuple[str, date | None]
"""The title and due date, which identify a to-do without a uid."""


class PreparedTodo(NamedTuple):
    """A to-do from a file, converted for writing."""

    uid: str
    has_own_uid: bool
    """Whether the uid is from the file. Otherwise it is new."""

    content: Content
    values: tuple[Any, ...]
    """Database values of FIELDS."""

    text_length: int


class ExistingTodo(NamedTuple):
    """A to-do of the owner, in the list or in the trash."""

    pk: int
    uid: str
    order: int
    is_in_trash: bool


_WRITTEN = ExistingTodo(0, "", 0, is_in_trash=False)


class Counts(NamedTuple):
    added: int
    restored: int
    present: int
    """Already in the list."""


class TodoPreparer:
    """Converter of to-dos to database values, used before the transaction that writes them.

    Values that all to-dos of an import share are converted once.
    """

    def __init__(self, common: Todo) -> None:
        """Take the default values for `prepare` from an unsaved to-do."""
        self._connection = connections[DEFAULT_DB_ALIAS]  # much faster than the proxy `connection`, field by field
        self._indexes = {field.attname: index for index, field in enumerate(FIELDS)}
        self._common = [self._convert(index, field.pre_save(common, True)) for index, field in enumerate(FIELDS)]

    def prepare(self, uid: str, values: dict[str, Any]) -> PreparedTodo:
        """Return the to-do with these values, which include title and notes. An empty uid is replaced by a new uid."""
        folded = {column: fold(values[name]) for name, column in FOLDED.items()}
        converted = self._common.copy()
        for name, value in {**values, **folded}.items():
            index = self._indexes[name]
            converted[index] = self._convert(index, value)
        content = (values["title"], values["due_on"])
        return PreparedTodo(uid or new_uid(), bool(uid), content, tuple(converted), sum(map(len, folded.values())))

    def _convert(self, index: int, value: Any) -> Any:
        return None if value is None else FIELDS[index].get_db_prep_save(value, self._connection)


def merge(owner: User, prepared: Sequence[PreparedTodo], progress: Progress) -> Counts:
    """Add missing to-dos and restore trashed ones. The caller must hold the lock of the owner. Raise ListFull."""
    missing, trashed = _compare(prepared, _ExistingTodos(owner, prepared))
    limits.make_room(owner.todos.all(), len(missing), sum(todo.text_length for todo in missing))
    positions = ordering.positions_at_end(owner.todos.all(), len(missing))
    now = Todo._meta.get_field("updated_at").get_db_prep_save(timezone.now(), connection)
    rows = [(*todo.values, existing.uid, existing.order, now) for todo, existing in trashed]
    rows += [(*todo.values, todo.uid, position, now) for todo, position in zip(missing, positions, strict=True)]
    _write(rows, progress)
    return Counts(len(missing), len(trashed), len(prepared) - len(rows))


def _compare(
    prepared: Sequence[PreparedTodo], existing: "_ExistingTodos"
) -> tuple[list[PreparedTodo], list[tuple[PreparedTodo, ExistingTodo]]]:
    """Return the missing to-dos, and the trashed ones by id: all code locks rows in this order."""
    missing, trashed = [], []
    for todo in prepared:
        match = existing.match(todo)
        if match is None:
            missing.append(todo)
        elif match.is_in_trash:
            trashed.append((todo, match))
    return missing, sorted(trashed, key=lambda pair: pair[1].pk)


def _write(rows: list[tuple[Any, ...]], progress: Progress) -> None:
    progress.stage("Writing to-dos", total=len(rows), unit="to-dos")
    with connection.cursor() as cursor:
        for start in range(0, len(rows), BATCH_SIZE):
            batch = rows[start : start + BATCH_SIZE]
            if connection.vendor == "sqlite":  # SQLite is faster with many statements of one row
                cursor.executemany(WRITE.format(rows=ROW), batch)
            else:
                cursor.execute(WRITE.format(rows=", ".join([ROW] * len(batch))), list(chain.from_iterable(batch)))
            progress.advance(len(batch))


class _ExistingTodos:
    """The owner's to-dos. Each is matched at most once."""

    def __init__(self, owner: User, prepared: Sequence[PreparedTodo]) -> None:
        """Load the to-dos. Among equal ones, those in the list match first, in their order, and trashed ones last."""
        uids = {todo.uid for todo in prepared if todo.has_own_uid}
        self._by_uid: dict[str, ExistingTodo] = {}
        self._by_content: defaultdict[Content, deque[ExistingTodo]] = defaultdict(deque)
        todos = owner.todos.order_by(F("deleted_at").desc(nulls_first=True), "order", "id")
        if len(uids) <= MAX_UIDS_IN_QUERY and all(todo.has_own_uid for todo in prepared):
            todos = todos.filter(uid__in=uids)
        columns = ("pk", "uid", "order", "deleted_at", "title", "due_on")
        for pk, uid, order, deleted_at, title, due_on in todos.values_list(*columns):
            existing = ExistingTodo(pk, uid, order, deleted_at is not None)
            if uid in uids:
                self._by_uid[uid] = existing
            else:
                self._by_content[title, due_on].append(existing)

    def match(self, todo: PreparedTodo) -> ExistingTodo | None:
        if todo.has_own_uid:
            existing = self._by_uid.get(todo.uid)
            self._by_uid[todo.uid] = _WRITTEN  # further rows with this uid are counted as present
            return existing
        matches = self._by_content[todo.content]
        return matches.popleft() if matches else None
