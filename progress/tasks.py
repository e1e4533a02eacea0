"""Writing and starting background work.

    @task(label="Importing {filename}", max_attempts=3)
    def import_todos(progress, upload_id, filename):
        for row in progress.track(rows, stage="Reading rows", unit="rows"):
            ...

    job = import_todos.enqueue(owner=request.user, upload_id=upload.pk, filename=upload.name)

Arguments are JSON; a UUID or a date arrives as its text. What the function returns (JSON, or None) becomes the job's
result; if that has a key "url", the job's page links to it. `TaskError` fails the job for good with words for its
owner. Any other exception is an attempt that failed: the job is tried again until `max_attempts`, so write tasks that
can be repeated. A task that takes longer than `time_limit` is stopped, and counts as failed too. A task that its owner
cancels gets an exception from its next update; put right in `finally`, or by a transaction, what it has half done.
"""

import inspect
from collections.abc import Callable
from typing import Any

from django.db import transaction

from progress import log_context
from progress.models import Job, State, truncate

TIME_LIMIT = 3600.0
"""Seconds that a task may take, unless it says otherwise."""


MAX_QUEUED = 1_000
"""How many jobs of one owner may be queued before their requests for more are refused."""


class TooManyJobs(Exception):
    """The owner has MAX_QUEUED queued jobs. The text is for them; `retry_after` is seconds."""

    retry_after = 60


class TaskError(Exception):
    """The work can't be done, and trying again would not help.

    `code` is for programs, `message` for the job's owner: what happened, and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Task:
    """A function that can be enqueued. Calling it runs it here and now, with the progress object given."""

    def __init__(
        self, function: Callable[..., Any], label: str, max_attempts: int = 3, time_limit: float = TIME_LIMIT
    ) -> None:
        self.function = function
        self.signature = inspect.signature(function)
        self.label = label
        self.max_attempts = max_attempts
        self.time_limit = time_limit
        self.name = f"{function.__module__}.{function.__qualname__}"
        self.__doc__ = function.__doc__

    def __call__(self, progress: Any, **arguments: Any) -> Any:
        return self.function(progress, **arguments)

    def enqueue(self, *, owner: Any, **arguments: Any) -> Job:
        """Create the job and its queue entry, in one transaction with whatever the caller has open.

        Raises TypeError for arguments that the function doesn't take, or that aren't JSON.
        """
        known = self.signature.bind(None, **arguments)
        known.apply_defaults()
        with transaction.atomic():
            job = Job.objects.create(
                owner=owner,
                task=self.name,
                arguments=arguments,
                label=truncate("label", self.label.format(**known.arguments)),
                max_attempts=self.max_attempts,
                request_id=truncate("request_id", log_context.request_id()),
            )
            deliver(job)
        return job


def task(*, label: str, max_attempts: int = 3, time_limit: float = TIME_LIMIT) -> Callable[[Callable[..., Any]], Task]:
    """Make a function a Task. The label is for people, and may name arguments in braces; `time_limit` is seconds."""
    if max_attempts < 1:
        raise ValueError("max_attempts must be at least 1")
    return lambda function: Task(function, label, max_attempts, time_limit)


def check_queue_limit(owner: Any) -> None:
    """Raise TooManyJobs if this owner has too many queued jobs to ask for another.

    Call it before work begins that can't be repeated: `enqueue` itself refuses nothing, so that a file that has been
    received is kept. Requests at the same moment may exceed the limit by one each.
    """
    if Job.objects.filter(owner=owner, state=State.QUEUED).order_by()[:MAX_QUEUED].count() >= MAX_QUEUED:
        raise TooManyJobs(
            f"You have {MAX_QUEUED:,} jobs waiting, the most that this site allows. "
            "Wait until some of them are done, then try again."
        )


def cancel_job(job: Job) -> bool:
    """Cancel a job that waits, or ask one that runs to stop; False when it has ended already."""
    return bool(Job.objects.filter(pk=job.pk).cancel())


@transaction.atomic
def retry_job(job: Job) -> bool:
    """Let a job that failed or was cancelled wait again; False when it is in no such state."""
    if not Job.objects.filter(pk=job.pk).retry():
        return False
    deliver(job)
    return True


def deliver(job: Job) -> None:
    """Put the job's id into the queue, in the transaction that is open."""
    from django_q.brokers import get_broker  # they need the app registry, which may import this module first
    from django_q.tasks import async_task

    async_task("progress.worker.run", str(job.pk), broker=get_broker())
