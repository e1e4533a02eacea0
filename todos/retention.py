"""What has been in the trash for long enough is deleted for good, by a schedule of Django-Q2's. Its files stay."""

from datetime import timedelta

from django.utils import timezone

from progress.retention import delete_in_batches, repeat
from todos.models import Todo

TRASH_KEPT = timedelta(days=30)
AT_ONCE = 1000

MINUTES = 60
NAME = "todos: empty the trash"


def prune() -> None:
    """Delete the to-dos that have been in the trash for TRASH_KEPT, in batches, so that no lock is held for long."""
    delete_in_batches(Todo.objects.filter(deleted_at__lt=timezone.now() - TRASH_KEPT), AT_ONCE)


def plan(**kwargs: object) -> None:
    """Have it done every hour; called after each migration."""
    repeat(NAME, "todos.retention.prune", MINUTES)
