"""Jobs whose worker died, was cut off or froze: the next attempt is queued, or the job has failed for good."""

import logging

from progress.attempt import Attempt, LostJob
from progress.models import Job, JobQuerySet

logger = logging.getLogger(__name__)


class AbandonedAttempt(Attempt):
    """An attempt whose worker is silent. If its heart beats again before we write, it was none."""

    def _mine(self) -> JobQuerySet:
        return super()._mine().lost()


def requeue_lost_jobs() -> int:
    """Give every lost job back; how many there were. Safe to call from several processes at once."""
    count = 0
    for job in Job.objects.lost():
        attempt = AbandonedAttempt(job)
        try:
            attempt.give_back("worker_lost", "The worker stopped in the middle of this. Try again later.")
        except LostJob:
            continue  # another process has found it too, or its worker has come back
        logger.warning("%s had lost its worker", attempt)
        count += 1
    return count
