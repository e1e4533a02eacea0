"""Export of a list as rows: each to-do once, in the order of the list.

The ids are queried first, and the to-dos in batches. To-dos moved during the export are therefore neither skipped nor
repeated, and only the ids are kept in memory. The database connection is released between batches, because the client
may download slowly.
"""

import time
from array import array
from collections.abc import Iterator

from django.contrib.auth.models import User

from progress.connections import release_connection
from todos.fields import FILE_FIELDS
from todos.formats import Row
from todos.models import Todo, TodoQuerySet

BATCH_SIZE = 100
"""To-dos per query. Other requests of the process run between queries, so this also limits how long they wait."""


def export_rows(owner: User) -> Iterator[Row]:
    """Yield the to-dos that are in the list now, without those in the trash."""
    todos = Todo.objects.visible_to(owner)
    ids = todos.in_order().values_list("pk", flat=True)
    return _read(todos, array("q", ids.iterator(chunk_size=10_000)))


def _read(todos: TodoQuerySet, ids: "array[int]") -> Iterator[Row]:
    for start in range(0, len(ids), BATCH_SIZE):
        batch = ids[start : start + BATCH_SIZE]
        loaded = todos.order_by().in_bulk(batch)
        release_connection()
        time.sleep(0)  # lets other greenlets of the web process run
        yield from (_row(loaded[pk]) for pk in batch if pk in loaded)


def _row(todo: Todo) -> Row:
    return Row(**{name: getattr(todo, name) for name in FILE_FIELDS})
