"""Function that Django-Q2 calls in a worker process: claim a job, run its task, write the outcome.

Once a job is claimed, `run` returns None and never raises, whatever the task does. Before that, it raises the
database's exceptions; the job then remains queued and is delivered again (see `worker/recovery.py`).
"""

import json
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from django.db import DatabaseError, DataError, InterfaceError, OperationalError
from django.utils.module_loading import import_string

from progress import log_context
from progress.connections import release_connection, replace_connection
from progress.exceptions import Cancelled, LostJob, TimeLimit
from progress.models import Job
from progress.reporter import Progress
from progress.tasks import TIME_LIMIT, Task, TaskError
from progress.worker import processes
from progress.worker.attempt import Attempt
from progress.worker.heartbeat import Heartbeat
from progress.worker.limits import Limits, requeue_after_time_limit

T = TypeVar("T")

logger = logging.getLogger(__name__)

DATABASE_TIMEOUT = 8.0
"""Seconds to wait for an unavailable database, before the job is left to recovery."""

RETRY_SECONDS = 0.5

INTERNAL_ERROR = ("internal", "Something went wrong on the server. Try again later.")


def run(job_id: str) -> None:
    """Run the next attempt of the queued job whose turn it is. Raise DatabaseError if none can be claimed.

    `job_id` is the job that was delivered. If other owners have queued jobs, one of theirs may come first.
    """
    started_at = time.monotonic()
    job = _claim(job_id)
    if job is None:
        logger.info("no job is queued")
        return
    if str(job.pk) != job_id:
        with suppress(DatabaseError, InterfaceError):  # recovery finds the delivered job all the same
            Job.objects.await_delivery(job_id, job)
    with log_context.bind_job(job):
        _run(Attempt(job), started_at)


def _claim(job_id: str) -> Job | None:
    """Claim a job. If the connection broke before the first response, return the job that may have been claimed."""
    worker = processes.worker_name()

    def claim() -> Job | None:
        return Job.objects.claim_delivered(job_id, worker) or Job.objects.claim_next(worker)

    try:
        return claim()
    except (OperationalError, InterfaceError):
        release_connection()
        return retry_while_unavailable(lambda: Job.objects.claimed_by(worker) or claim())


def _run(attempt: Attempt, started_at: float) -> None:
    progress = Progress()
    heartbeat = Heartbeat(attempt, progress, started_at=started_at)
    limits = Limits(attempt, progress, heartbeat, TIME_LIMIT)
    try:
        _finish(attempt, progress, heartbeat, limits)
        logger.info("%s: %s", attempt, attempt.outcome, extra={"seconds": time.monotonic() - started_at})
    except LostJob as lost:
        logger.warning("lost %s: the job was deleted, or another worker may have claimed it", lost)
    except BaseException:
        logger.exception("the outcome of %s could not be written; recovery will requeue the job", attempt)
    if limits.has_interrupted:
        processes.end_process()


def retry_while_unavailable(write: Callable[[], T]) -> T:
    """Call `write` until the database is available, for DATABASE_TIMEOUT at most. Then raise its exception."""
    deadline = time.monotonic() + DATABASE_TIMEOUT
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            release_connection()
            time.sleep(RETRY_SECONDS)


def _finish(attempt: Attempt, progress: Progress, heartbeat: Heartbeat, limits: Limits) -> None:
    """Run the task and write its outcome. Raise LostJob or DatabaseError."""
    write_outcome = _outcome(attempt, progress, heartbeat, limits)
    if limits.has_interrupted:
        replace_connection()
    try:
        retry_while_unavailable(lambda: write_outcome(**progress.final_counts()))
    except DataError:
        logger.exception("%s returned a result that the database can't store", attempt)
        retry_while_unavailable(partial(attempt.requeue, *INTERNAL_ERROR))


def _outcome(attempt: Attempt, progress: Progress, heartbeat: Heartbeat, limits: Limits) -> Callable[..., None]:
    """Run the task. Return the method that writes its outcome, given the final counts. Raise LostJob."""
    try:
        with heartbeat, limits:
            result = _call(attempt.job, progress, limits)
    except LostJob:
        raise
    except Cancelled:
        return attempt.cancel
    except TaskError as error:
        return partial(attempt.fail, error.code, error.message)
    except TimeLimit as reason:
        logger.warning("%s", reason)
        return partial(requeue_after_time_limit, attempt)
    except BaseException:
        logger.exception("%s failed", attempt)
        return partial(attempt.requeue, *INTERNAL_ERROR)
    return partial(attempt.succeed, result)


def _call(job: Job, progress: Progress, limits: Limits) -> Any:
    task = import_string(job.task)
    if not isinstance(task, Task):
        raise TypeError(f"{job.task} is not a task")
    limits.time_limit = task.time_limit
    result = task(progress, **job.arguments)
    json.dumps(result, allow_nan=False)  # a result that isn't JSON fails the attempt here
    return result
