"""Heartbeat of a running job: a thread that writes the job's progress and, every few seconds, that it is running.

It writes every new stage, and otherwise at most five times a second. While the database is unavailable it keeps what
it could not write; `worker/limits.py` decides from `recorded_at` how long the job may continue without a heartbeat.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from django.db import DatabaseError, InterfaceError

from progress.exceptions import Cancelled, LostJob, TimeLimit
from progress.reporter import Progress, Stage
from progress.worker.attempt import Attempt
from progress.worker.periodic import PeriodicThread

WRITE_INTERVAL = 0.2
"""Minimum number of seconds between two writes within a stage."""

HEARTBEAT_INTERVAL = 2.0
"""Seconds."""

MIN_ETA_SECONDS = 2.0
"""Seconds of work before the remaining time is estimated."""

MAX_ETA_SECONDS = 30 * 24 * 3600.0
"""Longer estimates are not shown, because they are too uncertain to be useful."""

SPEED_SMOOTHING = 0.3
"""Weight of the newest measurement in the moving average of the speed."""

_thread = PeriodicThread("heartbeat", WRITE_INTERVAL)


class Heartbeat:
    """Context manager around the call to a task.

    `clock` returns monotonic seconds; `started_at` is its value before the job was claimed.
    """

    def __init__(
        self,
        attempt: Attempt,
        progress: Progress,
        clock: Callable[[], float] = time.monotonic,
        started_at: float | None = None,
    ) -> None:
        self._attempt = attempt
        self._progress = progress
        self._clock = clock
        self._eta = RemainingTime(clock())
        self._written: dict[str, Any] = progress.current_stage.counts()
        self._written_at = self.recorded_at = clock() if started_at is None else started_at
        progress.wake = self.wake

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # After an interruption there is nothing left to write, and the thread may wait for a lock of the task's.
        may_write = not isinstance(self._progress.interrupt, (LostJob, TimeLimit))
        _thread.stop(wait=may_write)
        self._progress.wake = lambda: None
        if may_write and self._progress.unwritten_stages:
            with suppress(DatabaseError, InterfaceError):  # the write that finishes the job has the last stage too
                self.write()

    def start(self) -> None:
        _thread.start(self.write)

    def wake(self) -> None:
        """Write immediately, because a stage has begun."""
        _thread.wake()

    def write(self) -> None:
        """Write new progress, or a heartbeat if one is due. Tell the task to stop if its job is cancelled or lost."""
        now = self._clock()
        try:
            if not self._write_progress(now) and now - self.recorded_at >= HEARTBEAT_INTERVAL:
                self._attempt.record_heartbeat()
                self.recorded_at = now
        except Cancelled as interrupt:
            self._progress.interrupt = interrupt
            self._written_at = self.recorded_at = now  # Cancelled is raised after a heartbeat was recorded
        except LostJob as interrupt:
            self._progress.interrupt = interrupt

    def _write_progress(self, now: float) -> bool:
        """Write what is new. Return whether anything was."""
        stages = self._progress.unwritten_stages
        wrote = bool(stages)
        while stages:
            self._write_stage(stages[0], now)
            stages.popleft()
        stage = self._progress.current_stage
        if now - self._written_at >= WRITE_INTERVAL and stage.counts() != self._written:
            self._write_stage(stage, now)
            wrote = True
        return wrote

    def _write_stage(self, stage: Stage, now: float) -> None:
        counts = stage.counts()
        eta = self._eta.seconds_left(now, stage.fraction(counts["current"], counts["total"]))
        self._attempt.report(**counts, eta_seconds=eta)
        self._written = counts
        self._written_at = self.recorded_at = now


class RemainingTime:
    """Estimate of a job's remaining time, from the moving average of its speed."""

    def __init__(self, now: float) -> None:
        self._started_at = self._measured_at = now
        self._measured = 0.0
        self._speed: float | None = None

    def seconds_left(self, now: float, fraction: float | None) -> int | None:
        """Return the estimate when this fraction of the job is done, or None while it is too uncertain."""
        if fraction is None:
            return None
        self._measure(now, fraction)
        if not self._speed or now - self._started_at < MIN_ETA_SECONDS:
            return None
        seconds = (1.0 - fraction) / self._speed
        return round(seconds) if seconds < MAX_ETA_SECONDS else None

    def _measure(self, now: float, fraction: float) -> None:
        if fraction <= self._measured or now <= self._measured_at:
            return
        speed = (fraction - self._measured) / (now - self._measured_at)
        self._speed = speed if self._speed is None else self._speed + SPEED_SMOOTHING * (speed - self._speed)
        self._measured_at, self._measured = now, fraction
