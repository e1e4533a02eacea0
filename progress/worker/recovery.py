"""Jobs that would be forgotten: running ones whose worker is gone, and waiting ones whose delivery is.

Whoever finds one puts it right by a guarded UPDATE, so that any number of clusters may look at once.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction
from django.utils import timezone

from progress import log_context
from progress.exceptions import LostJob
from progress.models import Job, JobQuerySet, State
from progress.tasks import deliver
from progress.worker.attempt import Attempt

logger = logging.getLogger(__name__)

REDELIVER_AFTER = timedelta(seconds=10)
"""How old the delivery of a queued job is, when the queue is empty, before it counts as lost."""

AT_ONCE = 100
"""How many jobs to deliver again in one round."""

WORKER_LOST = ("worker_lost", "The worker stopped in the middle of this. Try again later.")


class Queue(Protocol):
    def is_empty(self) -> bool: ...


class AbandonedAttempt(Attempt):
    """An attempt whose worker is silent. If its heart beats again before we write, it was none."""

    def _mine(self) -> JobQuerySet:
        return super()._mine().lost()


def requeue_lost_jobs() -> int:
    """Give back every job whose heart has stopped; how many there were."""
    return sum(_give_back(AbandonedAttempt(job)) for job in Job.objects.lost())


def requeue_jobs_of_dead_workers(cluster: str, living: Callable[[], set[int]]) -> int:
    """Give back the jobs of those processes of our own cluster that are not there any more; how many there were.

    Their hearts have stopped too, but that shows only after a while. `living` is asked after the jobs, because a worker
    may be born, and claim one, in between.
    """
    running = list(Job.objects.running_on(cluster))
    pids = living() if running else set()
    dead = (job for job in running if _pid(job) not in pids)
    return sum(_give_back(Attempt(job)) for job in dead)


def silent_workers(cluster: str) -> set[int]:
    """Those processes of our own cluster whose job's heart has stopped.

    If they are there, they are frozen, or run code that lets no other thread of theirs do anything.
    """
    return {_pid(job) for job in Job.objects.running_on(cluster).silent()}


def redeliver(queue: Queue) -> int:
    """Deliver queued jobs again whose deliveries must have got lost, and return how many there were.

    While the queue has deliveries the workers have work, so none is missing yet. A delivery may also be held by a
    cluster that has no worker free; then another cluster may start the job.
    """
    if not queue.is_empty():
        return 0
    before = timezone.now() - REDELIVER_AFTER
    lost = Job.objects.filter(state=State.QUEUED, delivered_at__lt=before).order_by("created_at")
    return sum(_deliver_again(job, before) for job in lost[:AT_ONCE])


def _pid(job: Job) -> int:
    return int(job.worker.rpartition(":")[2])


def _give_back(attempt: Attempt) -> bool:
    with log_context.of_job(attempt.job):
        try:
            attempt.give_back(*WORKER_LOST)
        except LostJob:
            return False  # another process has found it too, or its worker has come back
        logger.warning("%s had lost its worker", attempt)
    return True


@transaction.atomic
def _deliver_again(job: Job, before: datetime) -> bool:
    same = Job.objects.filter(pk=job.pk, state=State.QUEUED, delivered_at__lt=before)
    if not same.update(delivered_at=timezone.now()):
        return False
    deliver(job)
    logger.info("job %s is delivered again", job.pk)
    return True
