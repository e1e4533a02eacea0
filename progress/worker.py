"""What Django-Q2 calls in a worker process: claim the job, run its task, write how it ended.

Once the job is claimed, `run` returns None and never raises, whatever the task does: an exception, an odd result or a
failing import that reached Django-Q2 would be delivered again and again. Before that, an exception is the database's,
and to be delivered again is what is wanted.
"""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, connection
from django.utils.module_loading import import_string

from progress.attempt import Attempt, LostJob
from progress.models import Job
from progress.reporter import Progress
from progress.tasks import Task, TaskError

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 3.0


def run(job_id: str) -> None:
    """Run the next attempt at a job that waits. Raises DatabaseError if that can't be found out."""
    job = Job.objects.claim(job_id)
    if job is None:
        logger.info("job %s is not waiting any more", job_id)
        return
    try:
        _finish(Attempt(job))
    except LostJob as lost:
        logger.warning("lost %s: somebody else has it now", lost)
    except BaseException:
        logger.exception("how job %s ended could not be written; it will be found and tried again", job_id)


def _finish(attempt: Attempt) -> None:
    """Run the task and write its outcome."""
    try:
        with _heartbeat(attempt):
            result = _call(attempt)
        attempt.succeed(result)
    except TaskError as error:
        attempt.fail(error.code, error.message)
    except LostJob:
        raise
    except BaseException:
        logger.exception("%s failed", attempt)
        attempt.give_back("internal", "Something went wrong on our side. Try again later.")


def _call(attempt: Attempt) -> Any:
    task = import_string(attempt.job.task)
    if not isinstance(task, Task):
        raise TypeError(f"{attempt.job.task} is not a task")
    progress = Progress(attempt)
    try:
        result = task(progress, **attempt.job.arguments)
    finally:
        progress.flush()
    json.dumps(result)  # an odd result fails the attempt here, not half-way through a write
    return result


@contextmanager
def _heartbeat(attempt: Attempt) -> Iterator[None]:
    """Say every few seconds that the work goes on, from a thread, because the task may be busy for longer."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(HEARTBEAT_SECONDS):
            try:
                if not attempt.beat():
                    return
            except DatabaseError:
                logger.exception("the heart of %s missed a beat", attempt)
            finally:
                connection.close()

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
