"""What is no longer needed is deleted, by a schedule of Django-Q2's.

A finished job answers for PROGRESS_RETENTION. Its row is kept for a while longer, to answer 410 to who comes late
rather than the 404 of what never was.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_q.models import Schedule
from django_q.models import Task as Leftover

from progress.models import Job, retention

KEPT_AFTER = timedelta(days=7)
MINUTES = 10
AT_ONCE = 1000
NAME = "progress: delete what is no longer needed"


def prune() -> int:
    """Delete jobs that expired long ago, and Django-Q2's records of deliveries. Return the number of jobs."""
    old = timezone.now() - KEPT_AFTER
    Leftover.objects.filter(stopped__lt=old).delete()
    return delete_in_batches(Job.objects.filter(finished_at__lt=old - retention()), AT_ONCE)


def delete_in_batches(due: QuerySet, size: int) -> int:
    """Delete the matching rows, `size` of them per transaction. Return the number of rows.

    Each batch is locked and filtered again before it is deleted: a row that was restored or retried since the rows
    were listed no longer matches, and stays.
    """
    ids = list(due.order_by("pk").values_list("pk", flat=True))
    return sum(_delete(due, ids[start : start + size]) for start in range(0, len(ids), size))


@transaction.atomic
def _delete(due: QuerySet, ids: list[Any]) -> int:
    locked = list(due.filter(pk__in=ids).order_by("pk").select_for_update().values_list("pk", flat=True))
    due.model._default_manager.filter(pk__in=locked).delete()
    return len(locked)


def create_schedules(**kwargs: Any) -> None:
    """Have it done every few minutes; called after each migration."""
    ensure_schedule(NAME, "progress.retention.prune", MINUTES)


def ensure_schedule(name: str, function: str, minutes: int) -> None:
    """Have workers call the function of that dotted name every so many minutes; twice is as good as once."""
    wanted = {"func": function, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1}
    Schedule.objects.update_or_create(name=name, defaults=wanted)
