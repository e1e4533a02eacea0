"""Ends a task that must stop and doesn't ask: one whose job may be somebody else's by now, or that takes too long.

A task that asks is stopped by its next update. The others are interrupted where they are, by a signal whose handler
raises in the main thread; who survives that is killed. So a job never runs on while another worker is at it: a worker
that is cut off from the database gives up before its lease (see `models.LEASE`) has run out. A task that lets no other
thread run blocks this watchdog thread too, and its heartbeat; `worker/maintenance.py` kills it from outside.

An exception can strike anywhere, also between taking a lock and remembering that. So a process in which a task was
interrupted is good for one more thing, to write how that ended, by a new connection; then it ends itself.
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
from progress.worker.heartbeat import Pulse
from progress.worker.periodic import Ticker

logger = logging.getLogger(__name__)

CHECK_INTERVAL = 0.25
"""Seconds."""

GRACE = 3.0
"""Seconds that an interrupted task has for tidying up."""

SILENCE_ALLOWED = LEASE.total_seconds() - GRACE - 1.0
"""Seconds without a heartbeat after which others may soon take the job."""

SIGNAL = signal.SIGUSR1

_thread = Ticker("the guard", CHECK_INTERVAL)


class Guard:
    """Use as a context manager around the task's call, in the main thread. `limit` is the task's time, in seconds."""

    def __init__(
        self,
        attempt: Attempt,
        progress: Progress,
        pulse: Pulse,
        limit: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit = limit
        self._attempt = attempt
        self._progress = progress
        self._pulse = pulse
        self._clock = clock
        self._started_at = clock()
        self._interrupted_at: float | None = None
        self._why: Interrupted | None = None
        self._armed = False
        # Only the one machine that has a SQLite file can write to it: whoever can't is waiting, not cut off.
        self._can_be_cut_off = connection.vendor != "sqlite"

    def __enter__(self) -> Self:
        self._handler = signal.signal(SIGNAL, self._raise)
        self._armed = True
        _thread.start(self.check)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """The guard of an interrupted task stays, and kills its process if that doesn't end by itself."""
        self._armed = False
        if not self.has_interrupted:
            _thread.stop()
            signal.signal(SIGNAL, self._handler)

    @property
    def has_interrupted(self) -> bool:
        return self._interrupted_at is not None

    def check(self) -> None:
        """Interrupt the task if it must stop, and kill it if that didn't help."""
        now = self._clock()
        if self._interrupted_at is None:
            self._why = self._reason(now)
            if self._why:
                self._interrupted_at = now
                self._progress.interrupt = self._why
                signal.pthread_kill(threading.main_thread().ident or 0, SIGNAL)
        elif now - self._interrupted_at > GRACE:
            self._kill()

    def _reason(self, now: float) -> Interrupted | None:
        if isinstance(self._progress.interrupt, LostJob):
            return self._progress.interrupt
        if self._can_be_cut_off and now - self._pulse.beaten_at > SILENCE_ALLOWED:
            return LostJob(f"{self._attempt}: its heart could not beat for {SILENCE_ALLOWED:.0f} seconds")
        if now - self._started_at > self.limit:
            return TimeLimit(f"{self._attempt} took longer than {self.limit:.0f} seconds")
        return None

    def _kill(self) -> None:
        """Whether or not the last words can be written."""
        logger.error("%s goes on although it was told to stop; its worker is killed", self._attempt)
        last = threading.Timer(GRACE, processes.end_process)
        last.daemon = True
        last.start()
        try:
            if isinstance(self._why, TimeLimit):
                give_back_for_time_limit(self._attempt)
        finally:
            processes.end_process()

    def _raise(self, signum: int, frame: FrameType | None) -> None:
        if self._armed and self._why is not None:
            self._armed = False
            raise self._why


def give_back_for_time_limit(attempt: Attempt, **counts: Any) -> None:
    """Raises LostJob."""
    attempt.give_back("time_limit", "This took longer than it may, and was stopped.", **counts)
