"""Limits of a running task: its time limit, and the lease of its job.

A task that reports progress is stopped at its next update. Any other is interrupted by a signal whose handler raises
in the main thread, and killed if it doesn't end after that. So a task never runs on while another worker runs the same
job: a worker without a connection to the database stops before its lease (`models.LEASE`) expires. A task that blocks
all threads of its process also blocks these checks and the heartbeat; `worker/maintenance.py` kills it from outside.

The exception can be raised at any point, also between acquiring a lock and the code that would release it. So after an
interruption the process only writes the outcome, over a new connection, and then ends.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

from django.db import connection

from progress.exceptions import Interrupted, LostJob, TimeLimit
from progress.models import LEASE
from progress.reporter import Progress
from progress.worker import processes
from progress.worker.attempt import Attempt
from progress.worker.heartbeat import Heartbeat
from progress.worker.periodic import PeriodicThread

logger = logging.getLogger(__name__)

CHECK_INTERVAL = 0.25
"""Seconds."""

GRACE = 3.0
"""Seconds that an interrupted task has for cleaning up."""

MAX_HEARTBEAT_AGE = LEASE.total_seconds() - GRACE - 1.0
"""Seconds since the last heartbeat after which the task is interrupted, so that it has ended when the lease expires."""

SIGNAL = signal.SIGUSR1

_thread = PeriodicThread("limits", CHECK_INTERVAL)


class Limits:
    """Context manager around the call to a task, in the main thread. `time_limit` is in seconds."""

    def __init__(
        self,
        attempt: Attempt,
        progress: Progress,
        heartbeat: Heartbeat,
        time_limit: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.time_limit = time_limit
        self._attempt = attempt
        self._progress = progress
        self._heartbeat = heartbeat
        self._clock = clock
        self._started_at = clock()
        self._interrupted_at: float | None = None
        self._interrupt: Interrupted | None = None
        self._is_armed = False
        # Only one machine writes to a SQLite file, so a late heartbeat means a locked database, not a lost connection.
        self._has_lease = connection.vendor != "sqlite"

    def __enter__(self) -> Self:
        self._handler = signal.signal(SIGNAL, self._raise)
        self._is_armed = True
        _thread.start(self.check)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop checking, unless the task was interrupted: then the process is killed if it doesn't end by itself."""
        self._is_armed = False
        if not self.has_interrupted:
            _thread.stop()
            signal.signal(SIGNAL, self._handler)

    @property
    def has_interrupted(self) -> bool:
        return self._interrupted_at is not None

    def check(self) -> None:
        """Interrupt the task if it has exceeded a limit. Kill the process if that was more than GRACE seconds ago."""
        now = self._clock()
        if self._interrupted_at is None:
            self._interrupt = self._reason(now)
            if self._interrupt:
                self._interrupted_at = now
                self._progress.interrupt = self._interrupt
                signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)
        elif now - self._interrupted_at > GRACE:
            self._kill()

    def _reason(self, now: float) -> Interrupted | None:
        if isinstance(self._progress.interrupt, LostJob):
            return self._progress.interrupt
        if self._has_lease and now - self._heartbeat.recorded_at > MAX_HEARTBEAT_AGE:
            return LostJob(f"{self._attempt}: no heartbeat could be written for {MAX_HEARTBEAT_AGE:.0f} seconds")
        if now - self._started_at > self.time_limit:
            return TimeLimit(f"{self._attempt} took longer than {self.time_limit:.0f} seconds")
        return None

    def _kill(self) -> None:
        """Requeue the job if the time limit was exceeded, and kill the process even if that fails or blocks."""
        logger.error("%s did not stop when it was interrupted, so its worker is killed", self._attempt)
        timer = threading.Timer(GRACE, processes.end_process)
        timer.daemon = True
        timer.start()
        try:
            if isinstance(self._interrupt, TimeLimit):
                requeue_after_time_limit(self._attempt)
        finally:
            processes.end_process()

    def _raise(self, signum: int, frame: FrameType | None) -> None:
        if self._is_armed and self._interrupt is not None:
            self._is_armed = False
            raise self._interrupt


def requeue_after_time_limit(attempt: Attempt, **counts: Any) -> None:
    """Requeue the job of an attempt that exceeded its time limit. Raise LostJob."""
    attempt.requeue("time_limit", "This took too long and was stopped. Try again later.", **counts)
