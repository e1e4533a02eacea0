"""The pulse of a running job: a thread that writes how far it has come, and says every few seconds that it lives.

It writes at most five times a second, but each stage. What it can't write, because the database is away, it writes
when it can; whether the job may go on meanwhile is for `worker/limits.py` to judge, by `beaten_at`.
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
from progress.worker.periodic import Ticker

WRITE_INTERVAL = 0.2
"""Seconds between two writes within a stage: five a second."""

HEARTBEAT_INTERVAL = 2.0
"""Seconds."""

ETA_AFTER = 2.0
"""Seconds of work before a guess of the time left is worth showing."""

ETA_LONGEST = 30 * 24 * 3600.0
"""Seconds; nobody believes a guess of more."""

ETA_SMOOTHING = 0.3
"""How much the newest measurement of speed counts against all before it."""


_thread = Ticker("the pulse", WRITE_INTERVAL)


class Pulse:
    """Use as a context manager around the task's call.

    `clock` counts seconds, and never goes back; `began_at` is its time before the job was claimed.
    """

    def __init__(
        self,
        attempt: Attempt,
        progress: Progress,
        clock: Callable[[], float] = time.monotonic,
        began_at: float | None = None,
    ) -> None:
        self._attempt = attempt
        self._progress = progress
        self._clock = clock
        self._eta = Estimate(clock())
        self._shown: dict[str, Any] = progress.now.counts()
        self._written_at = self.beaten_at = clock() if began_at is None else began_at
        progress.wake = self.wake

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        # If the task was interrupted nothing is left to write, and the thread may wait for what the task has locked.
        writing = not isinstance(self._progress.interrupt, (LostJob, TimeLimit))
        _thread.stop(wait=writing)
        self._progress.wake = lambda: None
        if writing and self._progress.begun:
            with suppress(DatabaseError, InterfaceError):  # the write that ends the job tells the last of them
                self.beat()

    def start(self) -> None:
        _thread.start(self.beat)

    def wake(self) -> None:
        """A stage has begun: don't wait with that."""
        _thread.wake()

    def beat(self) -> None:
        """One round: write what is new, or else, if it is time, that the job lives."""
        now = self._clock()
        try:
            if not self._write(now) and now - self.beaten_at >= HEARTBEAT_INTERVAL:
                self._attempt.beat()
                self.beaten_at = now
        except Cancelled as why:
            self._progress.interrupt = why
            self._written_at = self.beaten_at = now  # being told so is a beat too
        except LostJob as why:
            self._progress.interrupt = why

    def _write(self, now: float) -> bool:
        """Whether there was anything to write."""
        begun = self._progress.begun
        wrote = bool(begun)
        while begun:
            self._show(begun[0], now)
            begun.popleft()
        stage = self._progress.now
        if now - self._written_at >= WRITE_INTERVAL and stage.counts() != self._shown:
            self._show(stage, now)
            wrote = True
        return wrote

    def _show(self, stage: Stage, now: float) -> None:
        counts = stage.counts()
        eta = self._eta.seconds_left(now, stage.fraction(counts["current"], counts["total"]))
        self._attempt.report(**counts, eta_seconds=eta)
        self._shown = counts
        self._written_at = self.beaten_at = now


class Estimate:
    """The time left, guessed from the smoothed speed of the whole job."""

    def __init__(self, now: float) -> None:
        self._started_at = self._measured_at = now
        self._measured = 0.0
        self._speed: float | None = None

    def seconds_left(self, now: float, fraction: float | None) -> int | None:
        """None until there is enough to say."""
        if fraction is None:
            return None
        self._measure(now, fraction)
        if not self._speed or now - self._started_at < ETA_AFTER:
            return None
        seconds = (1.0 - fraction) / self._speed
        return round(seconds) if seconds < ETA_LONGEST else None

    def _measure(self, now: float, fraction: float) -> None:
        if fraction <= self._measured or now <= self._measured_at:
            return
        speed = (fraction - self._measured) / (now - self._measured_at)
        self._speed = speed if self._speed is None else self._speed + ETA_SMOOTHING * (speed - self._speed)
        self._measured_at, self._measured = now, fraction
