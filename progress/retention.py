"""Retention of jobs: a schedule of Django-Q2 deletes those that expired long ago.

The URL of a finished job returns the job for PROGRESS_RETENTION. Its row is kept for longer, so that the URL returns
410 instead of the 404 of an unknown job.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_q.models import Schedule
from django_q.models import Task as DeliveryRecord

from progress.models import Job, retention_period

KEEP_EXPIRED = timedelta(days=7)
INTERVAL_MINUTES = 10
BATCH_SIZE = 1000
NAME = "progress: delete expired jobs"


def prune() -> int:
    """Delete jobs that expired long ago, and Django-Q2's records of deliveries. Return the number of jobs."""
    before = timezone.now() - KEEP_EXPIRED
    DeliveryRecord.objects.filter(stopped__lt=before).delete()
    return delete_in_batches(Job.objects.filter(finished_at__lt=before - retention_period()), BATCH_SIZE)


def delete_in_batches(rows: QuerySet[Any], size: int) -> int:
    """Delete the matching rows, `size` of them per transaction. Return their number.

    Each batch is locked and filtered again before it is deleted: rows that have been restored or retried since no
    longer match, and are kept.
    """
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    return sum(_delete(rows, ids[start : start + size]) for start in range(0, len(ids), size))


@transaction.atomic
def _delete(rows: QuerySet[Any], ids: list[Any]) -> int:
    locked = list(rows.filter(pk__in=ids).order_by("pk").select_for_update().values_list("pk", flat=True))
    rows.model._default_manager.filter(pk__in=locked).delete()
    return len(locked)


def create_schedules(**kwargs: Any) -> None:
    """Create or update the schedule. Called after each migration."""
    ensure_schedule(NAME, "progress.retention.prune", INTERVAL_MINUTES)


def ensure_schedule(name: str, function: str, minutes: int) -> None:
    """Let workers call the function with this dotted path every `minutes`. Replace its schedules of other names."""
    values = {"func": function, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1}
    Schedule.objects.update_or_create(name=name, defaults=values)
    Schedule.objects.filter(func=function).exclude(name=name).delete()
