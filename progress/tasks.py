"""Tasks: functions that run in the background as jobs.

    @task(label="Importing {filename}", max_attempts=3)
    def import_todos(progress, upload_id, filename):
        for row in progress.track(rows, stage="Reading rows", unit="rows"):
            ...

    job = import_todos.enqueue(owner=request.user, upload_id=upload.pk, filename=upload.name)

Arguments are JSON: the function receives a UUID or a date as a string. Its return value (JSON or None) becomes the
job's result; if that has a key "url", the job's page links to it. `TaskError` fails the job permanently, with a message
for its owner. Any other exception, and exceeding `time_limit`, fails the attempt; the job is tried again until
`max_attempts`, so a task must be repeatable. When the owner cancels the job, the task's next update raises an
exception; clean up partial work in `finally`, or use a transaction.
"""

import inspect
from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from progress import log_context
from progress.models import Job, State, truncate

TIME_LIMIT = 3600.0
"""Default time limit of a task, in seconds."""

MAX_QUEUED = 1_000
"""Number of queued jobs of one owner at which `check_queue_limit` raises TooManyJobs."""


class TooManyJobs(Exception):
    """The owner has MAX_QUEUED queued jobs. The message is for the owner; `retry_after` is in seconds."""

    retry_after = 60


class TaskError(Exception):
    """The task can't succeed, and another attempt would not help.

    `code` is for programs. `message` tells the job's owner what happened and what to do.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Task:
    """Function that can be enqueued. Calling the task calls the function directly."""

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

    def enqueue(self, *, owner: User, **arguments: Any) -> Job:
        """Create a job and deliver it, in the caller's transaction if there is one.

        Raise TypeError for arguments that don't match the function's signature, or that aren't JSON.
        """
        bound = self.signature.bind(None, **arguments)
        bound.apply_defaults()
        with transaction.atomic():
            job = Job.objects.create(
                owner=owner,
                task=self.name,
                arguments=arguments,
                label=truncate("label", self.label.format(**bound.arguments)),
                max_attempts=self.max_attempts,
                request_id=truncate("request_id", log_context.request_id()),
            )
            deliver(job)
        return job


def task(*, label: str, max_attempts: int = 3, time_limit: float = TIME_LIMIT) -> Callable[[Callable[..., Any]], Task]:
    """Make the function a Task. `label` is shown to users and may contain arguments in braces.

    `time_limit` is in seconds. Raise ValueError if `max_attempts` is less than 1.
    """
    if max_attempts < 1:
        raise ValueError("max_attempts must be at least 1")
    return lambda function: Task(function, label, max_attempts, time_limit)


def check_queue_limit(owner: User) -> None:
    """Raise TooManyJobs if this owner has MAX_QUEUED queued jobs.

    Views call it before they receive a file: `enqueue` has no limit, so that a received file is never lost. Concurrent
    requests may exceed the limit by one job each.
    """
    if Job.objects.filter(owner=owner, state=State.QUEUED).order_by()[:MAX_QUEUED].count() >= MAX_QUEUED:
        raise TooManyJobs(
            f"You have {MAX_QUEUED:,} jobs waiting, the limit on this site. "
            "Wait until some of them are done, then try again."
        )


def cancel_job(job: Job) -> bool:
    """Cancel a queued job, or request that a running one stops. Return False if it has already finished."""
    return bool(Job.objects.filter(pk=job.pk).cancel())


@transaction.atomic
def retry_job(job: Job) -> bool:
    """Queue a failed or cancelled job again. Return False if the job is in another state."""
    if not Job.objects.filter(pk=job.pk).retry():
        return False
    deliver(job)
    return True


def deliver(job: Job) -> None:
    """Put the job's id into the queue, in the caller's transaction."""
    from django_q.brokers import get_broker  # imported here, because its models may not be loaded yet
    from django_q.tasks import async_task

    async_task("progress.worker.run", str(job.pk), broker=get_broker())
