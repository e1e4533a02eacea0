"""What Django-Q2 calls in a worker process: claim a job, run its task, write how it ended.

Once the job is claimed, `run` returns None and never raises, whatever the task does. Before that, an exception is the
database's; the job still waits then, and is delivered again (see `worker/recovery.py`).
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
from progress.connections import new_connection, release_connection
from progress.exceptions import Cancelled, LostJob, TimeLimit
from progress.models import Job
from progress.reporter import Progress
from progress.tasks import TIME_LIMIT, Task, TaskError
from progress.worker import processes
from progress.worker.attempt import Attempt
from progress.worker.heartbeat import Pulse
from progress.worker.limits import Guard, give_back_for_time_limit

T = TypeVar("T")

logger = logging.getLogger(__name__)

PATIENCE = 8.0
"""Seconds to wait for a database that is away, before a job is left to recovery."""

INTERNAL = ("internal", "Something went wrong on our side. Try again later.")


def run(job_id: str) -> None:
    """Run the next attempt of the queued job whose turn it is. Raises DatabaseError if none can be claimed.

    `job_id` is the job that was delivered. If other owners have queued jobs, one of theirs may come first.
    """
    asked_at = time.monotonic()
    job = _claim(job_id)
    if job is None:
        logger.info("no job is queued any more")
        return
    if str(job.pk) != job_id:
        with suppress(DatabaseError, InterfaceError):  # recovery finds the delivered job all the same
            Job.objects.await_delivery(job_id, job)
    with log_context.of_job(job):
        _run(Attempt(job), asked_at)


def _claim(job_id: str) -> Job | None:
    """Claim a job. If the answer to the first statement got lost, the job that it claimed is taken."""
    worker = processes.worker_name()

    def claim() -> Job | None:
        return Job.objects.claim_delivered(job_id, worker) or Job.objects.claim_next(worker)

    try:
        return claim()
    except (OperationalError, InterfaceError):
        release_connection()
        return patiently(lambda: Job.objects.claimed_by(worker) or claim())


def _run(attempt: Attempt, asked_at: float) -> None:
    progress = Progress()
    pulse = Pulse(attempt, progress, began_at=asked_at)
    guard = Guard(attempt, progress, pulse, TIME_LIMIT)
    try:
        _finish(attempt, progress, pulse, guard)
        logger.info("%s: %s", attempt, attempt.ended, extra={"seconds": time.monotonic() - asked_at})
    except LostJob as lost:
        logger.warning("lost %s: it was deleted, or may be somebody else's by now", lost)
    except BaseException:
        logger.exception("how %s ended could not be written; it will be found and tried again", attempt)
    if guard.has_interrupted:
        processes.end_process()


def patiently(write: Callable[[], T]) -> T:
    """Do it again while the database is away. Raises what it raises when that takes too long."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError):
            if time.monotonic() > deadline:
                raise
            release_connection()
            time.sleep(0.5)


def _finish(attempt: Attempt, progress: Progress, pulse: Pulse, guard: Guard) -> None:
    """Run the task and write its outcome. Raises LostJob, or DatabaseError."""
    end = _outcome(attempt, progress, pulse, guard)
    if guard.has_interrupted:
        new_connection()
    try:
        patiently(lambda: end(**progress.reached()))
    except DataError:
        logger.exception("%s returned what the database can't hold", attempt)
        patiently(partial(attempt.give_back, *INTERNAL))


def _outcome(attempt: Attempt, progress: Progress, pulse: Pulse, guard: Guard) -> Callable[..., None]:
    """Run the task; gives the write that ends the attempt. Raises LostJob."""
    try:
        with pulse, guard:
            result = _call(attempt.job, progress, guard)
    except LostJob:
        raise
    except Cancelled:
        return attempt.cancel
    except TaskError as error:
        return partial(attempt.fail, error.code, error.message)
    except TimeLimit as why:
        logger.warning("%s", why)
        return partial(give_back_for_time_limit, attempt)
    except BaseException:
        logger.exception("%s failed", attempt)
        return partial(attempt.give_back, *INTERNAL)
    return partial(attempt.succeed, result)


def _call(job: Job, progress: Progress, guard: Guard) -> Any:
    task = import_string(job.task)
    if not isinstance(task, Task):
        raise TypeError(f"{job.task} is not a task")
    guard.limit = task.time_limit
    result = task(progress, **job.arguments)
    json.dumps(result, allow_nan=False)  # an odd result fails the attempt here
    return result
