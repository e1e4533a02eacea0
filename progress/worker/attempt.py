"""Attempt at a job: all writes to the row of a running job.

Each write matches the claim of its attempt. If the job has been requeued, because its worker seemed dead, the write
matches no row and raises LostJob, so an old attempt can't overwrite the progress of a newer attempt.
"""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from progress.exceptions import Cancelled, LostJob
from progress.models import Job, JobQuerySet, State, changed, truncate
from progress.tasks import deliver


class Attempt:
    """A claimed job. `outcome` is its state after this attempt: QUEUED if it will be tried again, None until then."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.outcome: State | None = None

    def __str__(self) -> str:
        return f"job {self.job.pk} ({self.job.task}), attempt {self.job.attempt} of {self.job.max_attempts}"

    def report(self, **values: Any) -> None:
        """Write these columns as the job's progress. Raise LostJob or Cancelled."""
        if not self._continuing().update(heartbeat_at=Now(), **changed(), **values):
            self._raise_interruption()

    def record_heartbeat(self) -> None:
        """Write that the attempt is still running. Raise LostJob or Cancelled."""
        if not self._continuing().update(heartbeat_at=Now()):
            self._raise_interruption()

    def succeed(self, result: Any, **counts: Any) -> None:
        """Finish the job. `result` is JSON, or None. Raise LostJob, or TypeError for a result that isn't JSON."""
        self._finish(state=State.SUCCEEDED, result=result, **counts | {"percent": 100, "eta_seconds": 0})

    def fail(self, code: str, message: str, **counts: Any) -> None:
        """Finish the job as failed, without changing its percent. Raise LostJob."""
        self._finish(state=State.FAILED, **_error(code, message), **counts)

    def cancel(self, **counts: Any) -> None:
        """Finish the job as cancelled, without changing its percent. Raise LostJob."""
        self._finish(state=State.CANCELLED, **counts)

    def requeue(self, code: str, message: str, **counts: Any) -> None:
        """Queue the next attempt, or fail with this error if this was the last. Raise LostJob.

        A job whose cancellation was requested is cancelled instead.
        """
        if self.job.attempt >= self.job.max_attempts:
            values = {"state": State.FAILED, "finished_at": Now(), **_error(code, message), **counts}
        else:
            values = {"state": State.QUEUED, "delivered_at": timezone.now()}
        with transaction.atomic():
            if not self._continuing().update(eta_seconds=None, **changed(), **values):
                self.cancel(**counts)
                return
            self.outcome = values["state"]
            if self.outcome == State.QUEUED:
                deliver(self.job)

    def _finish(self, **values: Any) -> None:
        if not self._owned().update(**{"finished_at": Now(), "eta_seconds": None} | changed() | values):
            raise LostJob(self)
        self.outcome = values["state"]

    def _raise_interruption(self) -> None:
        """Raise LostJob, or Cancelled after recording a heartbeat."""
        if not self._owned().update(heartbeat_at=Now()):
            raise LostJob(self)
        raise Cancelled(self)

    def _continuing(self) -> JobQuerySet:
        return self._owned().filter(cancel_requested=False)

    def _owned(self) -> JobQuerySet:
        return Job.objects.filter(pk=self.job.pk, claim=self.job.claim, state=State.RUNNING)


def _error(code: str, message: str) -> dict[str, str]:
    return {
        "error_code": truncate("error_code", code or "failed"),
        "error_message": truncate("error_message", message),
    }
