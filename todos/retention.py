"""Hourly maintenance of to-dos by Django-Q2 schedules: emptying the trash and correcting the search text.

Uploads that were attached to permanently deleted to-dos are kept.
"""

from datetime import timedelta

from django.utils import timezone

from progress.retention import delete_in_batches, ensure_schedule
from todos.models import Todo
from uploads.retention import TRASH_RETENTION

REFOLD_PERIOD = timedelta(days=30)
"""The age of the changes whose search text is checked."""

BATCH_SIZE = 1000
INTERVAL_MINUTES = 60
PRUNE_SCHEDULE = "todos: empty the trash"
REFOLD_SCHEDULE = "todos: correct the search text"


def prune() -> None:
    """Permanently delete the to-dos that were moved to the trash more than TRASH_RETENTION ago."""
    delete_in_batches(Todo.objects.filter(deleted_at__lt=timezone.now() - TRASH_RETENTION), BATCH_SIZE)


def refold() -> None:
    """Correct the search text of to-dos that were changed by a release without search text.

    Such a release runs before the restart of an upgrade, and after a rollback.
    """
    Todo.objects.changed_within(REFOLD_PERIOD).refold()


def create_schedules(**kwargs: object) -> None:
    """Create or update the schedules. Called after each migration."""
    ensure_schedule(PRUNE_SCHEDULE, "todos.retention.prune", INTERVAL_MINUTES)
    ensure_schedule(REFOLD_SCHEDULE, "todos.retention.refold", INTERVAL_MINUTES)
