"""One attempt at a job: every write that a running job gets.

Each write names the claim that began the attempt, so that a worker that was thought dead, and whose job has been given
to another, can't write over the other's progress: its write matches no row, and raises LostJob.
"""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from progress.exceptions import Cancelled, LostJob
from progress.models import Job, JobQuerySet, State, changed, cut
from progress.tasks import deliver


class Attempt:
    """`ended` is what became of the job by this attempt, once that is written: "queued" if it is to be tried again."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.ended: State | None = None

    def __str__(self) -> str:
        return f"job {self.job.pk} ({self.job.task}), attempt {self.job.attempt} of {self.job.max_attempts}"

    def report(self, **values: Any) -> None:
        """Show the watchers how far the work has come. Raises LostJob or Cancelled."""
        if not self._wanted().update(heartbeat_at=Now(), **changed(), **values):
            self._refuse()

    def beat(self) -> None:
        """Say that the work goes on. Raises LostJob or Cancelled."""
        if not self._wanted().update(heartbeat_at=Now()):
            self._refuse()

    def succeed(self, result: Any, **counts: Any) -> None:
        """Finish the job. `result` is JSON, or None. Raises LostJob, or TypeError for a result that isn't JSON."""
        self._end(state=State.SUCCEEDED, result=result, **counts | {"percent": 100, "eta_seconds": 0})

    def fail(self, code: str, message: str, **counts: Any) -> None:
        """Finish the job as failed; it keeps the percent that it had reached. Raises LostJob."""
        self._end(state=State.FAILED, **_error(code, message), **counts)

    def cancel(self, **counts: Any) -> None:
        """Finish the job as cancelled; it keeps the percent that it had reached. Raises LostJob."""
        self._end(state=State.CANCELLED, **counts)

    def give_back(self, code: str, message: str, **counts: Any) -> None:
        """This attempt came to nothing: queue the next one, or fail when it was the last. Raises LostJob.

        A job that was to be cancelled is, instead.
        """
        if self.job.attempt >= self.job.max_attempts:
            ends = {"state": State.FAILED, "finished_at": Now(), **_error(code, message), **counts}
        else:
            ends = {"state": State.QUEUED, "delivered_at": timezone.now()}
        with transaction.atomic():
            if not self._wanted().update(eta_seconds=None, **changed(), **ends):
                self.cancel(**counts)
                return
            self.ended = ends["state"]
            if self.ended == State.QUEUED:
                deliver(self.job)

    def _end(self, **values: Any) -> None:
        if not self._mine().update(**{"finished_at": Now(), "eta_seconds": None} | changed() | values):
            raise LostJob(self)
        self.ended = values["state"]

    def _refuse(self) -> None:
        """Say why the job takes no more progress; asking keeps the heart beating."""
        if not self._mine().update(heartbeat_at=Now()):
            raise LostJob(self)
        raise Cancelled(self)

    def _wanted(self) -> JobQuerySet:
        return self._mine().filter(cancel_requested=False)

    def _mine(self) -> JobQuerySet:
        return Job.objects.filter(pk=self.job.pk, claim=self.job.claim, state=State.RUNNING)


def _error(code: str, message: str) -> dict[str, str]:
    return {"error_code": cut("error_code", code or "failed"), "error_message": cut("error_message", message)}
