"""One attempt at a job: every write that a running job gets.

Each write names the attempt, so that a worker that was thought dead, and whose job has been given to another,
can't write over the other's progress: its write matches no row, and raises LostJob.
"""

from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from progress.models import Job, JobQuerySet, State, cut
from progress.tasks import deliver


class LostJob(Exception):
    """This attempt no longer owns its job: it was finished, deleted, or given to another worker."""


class Attempt:
    def __init__(self, job: Job) -> None:
        self.job = job

    def __str__(self) -> str:
        return f"job {self.job.pk} ({self.job.task}), attempt {self.job.attempt} of {self.job.max_attempts}"

    def write(self, **values: Any) -> None:
        """Change the job's row, and show its watchers a new version. Raises LostJob."""
        if not self._mine().update(version=F("version") + 1, heartbeat_at=Now(), **values):
            raise LostJob(self)

    def beat(self) -> bool:
        """Say that the work goes on. False when the job is no longer ours."""
        return bool(self._mine().update(heartbeat_at=Now()))

    def succeed(self, result: Any) -> None:
        """Finish the job. `result` is JSON, or None. Raises LostJob, or TypeError for a result that isn't JSON."""
        self.write(state=State.SUCCEEDED, percent=100, eta_seconds=0, result=result, finished_at=Now())

    def fail(self, code: str, message: str) -> None:
        """Finish the job as failed; it keeps the percent that it had reached. Raises LostJob."""
        self.write(
            state=State.FAILED,
            eta_seconds=None,
            error_code=cut("error_code", code),
            error_message=message,
            finished_at=Now(),
        )

    def give_back(self, code: str, message: str) -> None:
        """This attempt came to nothing: queue the next one, or fail when it was the last. Raises LostJob."""
        if self.job.attempt >= self.job.max_attempts:
            self.fail(code, message)
            return
        with transaction.atomic():
            self.write(state=State.QUEUED, eta_seconds=None)
            deliver(self.job)

    def _mine(self) -> JobQuerySet:
        return Job.objects.filter(pk=self.job.pk, attempt=self.job.attempt, state=State.RUNNING)
