"""Statistics of all jobs and workers, for monitoring, by a few cheap queries.

Ages are computed by the database's clock, like the times that machines compare.
"""

from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, Max, Min, Q
from django.db.models.functions import Now

from progress.models import WORKER_TIMEOUT, Job, State, Worker


class WorkerHealth(NamedTuple):
    """Number of clusters with a recent heartbeat, and time since the last heartbeat of any; None if there was none."""

    alive: int
    last_heartbeat_age: timedelta | None


def count_by_state() -> dict[State, int]:
    """Return the number of stored jobs in each state."""
    counts = dict(Job.objects.order_by().values_list("state").annotate(Count("pk")))
    return {state: counts.get(state, 0) for state in State}


def oldest_queued_age() -> timedelta:
    """Return for how long the longest waiting job has been queued, or 0 if no job is queued.

    A queued job changes only when it is claimed or cancelled, so it has been queued since its last change.
    """
    queued = Job.objects.filter(state=State.QUEUED).order_by()
    return max(timedelta(0), queued.aggregate(age=_since(Min("changed_at")))["age"] or timedelta(0))


def worker_health() -> WorkerHealth:
    found = Worker.objects.order_by().aggregate(
        alive=Count("pk", filter=Q(beaten_at__gte=Now() - WORKER_TIMEOUT)), last_heartbeat_age=_since(Max("beaten_at"))
    )
    return WorkerHealth(**found)


def _since(time: Aggregate) -> "ExpressionWrapper[Any]":
    return ExpressionWrapper(Now() - time, output_field=DurationField())
