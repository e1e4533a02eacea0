"""Recovery of jobs that would never finish: running ones whose worker has died, and queued ones without a delivery.

Each recovery is a guarded UPDATE, so that any number of clusters may look for such jobs at the same time.
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
"""Age at which the delivery of a queued job is regarded as lost if the queue is empty."""

REDELIVERY_BATCH_SIZE = 100
"""Maximum number of jobs that one call to `redeliver` delivers again."""

WORKER_LOST = ("worker_lost", "The worker stopped before this job was done. Try again later.")


class Queue(Protocol):
    def is_empty(self) -> bool: ...


class AbandonedAttempt(Attempt):
    """Attempt whose heartbeat has timed out. Its writes raise LostJob if a heartbeat has been recorded since."""

    def _owned(self) -> JobQuerySet:
        return super()._owned().lost()


def requeue_lost_jobs() -> int:
    """Requeue the jobs whose heartbeat has timed out. Return their number."""
    return sum(_requeue(AbandonedAttempt(job)) for job in Job.objects.lost())


def requeue_jobs_of_dead_workers(cluster: str, living_pids: Callable[[], set[int]]) -> int:
    """Requeue the jobs of worker processes of this cluster that have died. Return their number.

    It finds them sooner than `requeue_lost_jobs` does. It calls `living_pids` after it has read the jobs, so that a
    worker that starts and claims a job in between is regarded as living.
    """
    running = list(Job.objects.running_on(cluster))
    pids = living_pids() if running else set()
    dead = (job for job in running if _pid(job) not in pids)
    return sum(_requeue(Attempt(job)) for job in dead)


def unresponsive_workers(cluster: str) -> set[int]:
    """Return the pids of this cluster's workers whose jobs have missed heartbeats.

    Such a process has ended, is frozen, or runs code that blocks all of its threads.
    """
    return {_pid(job) for job in Job.objects.running_on(cluster).unresponsive()}


def redeliver(queue: Queue) -> int:
    """Deliver queued jobs again whose deliveries are lost. Return their number.

    A delivery is only known to be lost when the queue is empty: until then, the workers have deliveries to work on.
    A cluster without a free worker may still hold the delivery. Another cluster may then start the job.
    """
    if not queue.is_empty():
        return 0
    before = timezone.now() - REDELIVER_AFTER
    lost = Job.objects.filter(state=State.QUEUED, delivered_at__lt=before).order_by("created_at")
    return sum(_redeliver(job, before) for job in lost[:REDELIVERY_BATCH_SIZE])


def _pid(job: Job) -> int:
    return int(job.worker.rpartition(":")[2])


def _requeue(attempt: Attempt) -> bool:
    with log_context.bind_job(attempt.job):
        try:
            attempt.requeue(*WORKER_LOST)
        except LostJob:
            return False  # another cluster has requeued it, or its worker has recorded a heartbeat
        logger.warning("%s had lost its worker", attempt)
    return True


@transaction.atomic
def _redeliver(job: Job, before: datetime) -> bool:
    still_lost = Job.objects.filter(pk=job.pk, state=State.QUEUED, delivered_at__lt=before)
    if not still_lost.update(delivered_at=timezone.now()):
        return False
    deliver(job)
    logger.info("job %s was delivered again", job.pk)
    return True
