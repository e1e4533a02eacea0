"""A list on its way out, as rows of a file: each to-do once, in the list's order, however long the list is.

Which to-dos these are is asked at the beginning, and what they are a few hundred at a time. So nothing is missed or
told twice that is moved meanwhile; memory does not grow with the list, but for the ids; and between two questions no
database connection is held, since whoever fetches the file may be slow.
"""

import time
from array import array
from collections.abc import Iterator
from typing import Any

from progress.connections import release_connection
from todos.formats import Row
from todos.models import Todo, TodoQuerySet

AT_ONCE = 100
"""To-dos of one query. Other requests run between two queries, so this also limits how long they wait."""


def rows_of(owner: Any) -> Iterator[Row]:
    """What is in the list now, and not in the trash."""
    mine = Todo.objects.visible_to(owner)
    ids = mine.in_order().values_list("pk", flat=True)
    return _read(mine, array("q", ids.iterator(chunk_size=10_000)))


def _read(mine: TodoQuerySet, ids: array) -> Iterator[Row]:
    for start in range(0, len(ids), AT_ONCE):
        some = ids[start : start + AT_ONCE]
        found = mine.order_by().in_bulk(some)
        release_connection()
        time.sleep(0)
        yield from (_row(found[pk]) for pk in some if pk in found)


def _row(todo: Todo) -> Row:
    return Row(
        title=todo.title,
        notes=todo.notes,
        due_on=todo.due_on,
        completed_at=todo.completed_at,
        created_at=todo.created_at,
        uid=todo.uid,
    )
