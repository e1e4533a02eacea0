"""Hourly maintenance of to-dos, by schedules of Django-Q2's: emptying the trash, and correcting the search text.

The files of to-dos that are deleted permanently stay.
"""

from datetime import timedelta

from django.utils import timezone

from progress.retention import delete_in_batches, repeat
from todos.models import Todo

TRASH_KEPT = timedelta(days=30)
REFOLDED = timedelta(days=30)
AT_ONCE = 1000

MINUTES = 60
NAME = "todos: empty the trash"
REFOLD_NAME = "todos: correct the search text"


def prune() -> None:
    """Delete the to-dos that have been in the trash for TRASH_KEPT, in batches, so that no lock is held for long."""
    delete_in_batches(Todo.objects.filter(deleted_at__lt=timezone.now() - TRASH_KEPT), AT_ONCE)


def refold() -> None:
    """Correct the search text of to-dos that a release without it has written: before the restart of an upgrade, or
    after a rollback."""
    Todo.objects.changed_within(REFOLDED).refold()


def plan(**kwargs: object) -> None:
    """Schedule both for every hour; called after each migration."""
    repeat(NAME, "todos.retention.prune", MINUTES)
    repeat(REFOLD_NAME, "todos.retention.refold", MINUTES)
