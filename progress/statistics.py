"""How the work goes as a whole, in figures: for monitoring. Few questions to the database, and cheap ones.

Ages are by the database's clock, as everywhere that machines meet.
"""

from datetime import timedelta
from typing import NamedTuple

from django.db.models import Aggregate, Count, DurationField, ExpressionWrapper, Max, Min, Q
from django.db.models.functions import Now

from progress.models import WORKER_TIMEOUT, Job, State, Worker


class Workers(NamedTuple):
    """How many clusters are there, and how long ago the last of them, there or not, was heard of; None if never."""

    alive: int
    last_beat: timedelta | None


def count_by_state() -> dict[State, int]:
    """All those that are still kept."""
    counted = dict(Job.objects.order_by().values_list("state").annotate(Count("pk")))
    return {state: counted.get(state, 0) for state in State}


def oldest_queued_age() -> timedelta:
    """Since when the job waits that has waited longest; nothing if none does.

    A job that waits changes in no way that can be seen until it is claimed, so it waits since its last change.
    """
    waiting = Job.objects.filter(state=State.QUEUED).order_by()
    return max(timedelta(0), waiting.aggregate(age=_since(Min("changed_at")))["age"] or timedelta(0))


def worker_health() -> Workers:
    silent_since = Now() - WORKER_TIMEOUT
    found = Worker.objects.order_by().aggregate(
        alive=Count("pk", filter=Q(beaten_at__gte=silent_since)), last_beat=_since(Max("beaten_at"))
    )
    return Workers(**found)


def _since(time: Aggregate) -> ExpressionWrapper:
    return ExpressionWrapper(Now() - time, output_field=DurationField())
