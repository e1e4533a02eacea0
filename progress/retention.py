"""What is no longer needed is deleted, by a schedule of Django-Q2's.

A finished job answers for PROGRESS_RETENTION. Its row is kept for a while longer, to answer 410 to who comes late
rather than the 404 of what never was.
"""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from django_q.models import Schedule
from django_q.models import Task as Leftover

from progress.models import Job, retention

KEPT_AFTER = timedelta(days=7)
MINUTES = 10
AT_ONCE = 1000
NAME = "progress: delete what is no longer needed"


def prune() -> int:
    """Delete jobs that have been gone for long, and what Django-Q2 noted of deliveries; how many jobs there were."""
    old = timezone.now() - KEPT_AFTER
    Leftover.objects.filter(stopped__lt=old).delete()
    count = 0
    while gone := list(Job.objects.filter(finished_at__lt=old - retention()).values_list("pk", flat=True)[:AT_ONCE]):
        Job.objects.filter(pk__in=gone).delete()
        count += len(gone)
    return count


def plan(**kwargs: Any) -> None:
    """Have it done every few minutes; called after each migration."""
    repeat(NAME, "progress.retention.prune", MINUTES)


def repeat(name: str, function: str, minutes: int) -> None:
    """Have workers call the function of that dotted name every so many minutes; twice is as good as once."""
    wanted = {"func": function, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1}
    Schedule.objects.update_or_create(name=name, defaults=wanted)
