"""What has been in the trash for long enough is deleted for good, by a schedule of Django-Q2's. Its files stay."""

from datetime import timedelta

from django.utils import timezone

from progress.retention import repeat
from todos.models import Todo

TRASH_KEPT = timedelta(days=30)
AT_ONCE = 1000

MINUTES = 60
NAME = "todos: empty the trash"


def prune() -> None:
    """Delete all that is due, so many at once that no lock is held for long."""
    due = Todo.objects.filter(deleted_at__lt=timezone.now() - TRASH_KEPT)
    while ids := list(due.values_list("pk", flat=True)[:AT_ONCE]):
        due.filter(pk__in=ids).delete()


def plan(**kwargs: object) -> None:
    """Have it done every hour; called after each migration."""
    repeat(NAME, "todos.retention.prune", MINUTES)
