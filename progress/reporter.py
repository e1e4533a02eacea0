"""What a task is given to say how far it has come.

Percent comes from counted work alone. A job is made of stages; each has a weight, its share of the whole job. In a
stage without a known total nobody can know the percent, so it is None there: the bar is indeterminate, not wrong.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TypeVar

from progress.attempt import Attempt
from progress.models import cut

T = TypeVar("T")

ROUNDING = 1e-9
"""0.29 × 100 is 28.999999999999996 to a computer."""

WRITE_INTERVAL = 0.2
"""Seconds between two writes within a stage: five a second."""

ETA_AFTER = 2.0
"""Seconds of work before a guess of the time left is worth showing."""

ETA_LONGEST = 30 * 24 * 3600.0
"""Seconds; nobody believes a guess of more."""

ETA_SMOOTHING = 0.3
"""How much the newest measurement of speed counts against all before it."""


class Progress:
    """The first argument of every task. Not for use from several threads."""

    def __init__(self, attempt: Attempt, clock: Callable[[], float] = time.monotonic) -> None:
        self._attempt = attempt
        self._clock = clock
        self._done = 0.0  # share of the job that earlier stages were
        self._weight = 0.0  # share of the job that this stage is
        self._current = 0
        self._total: int | None = None
        self._written_at = self._started_at = clock()
        self._unwritten = False
        self._measured_at = self._started_at
        self._measured_fraction = 0.0
        self._speed: float | None = None

    def stage(self, name: str, *, total: int | None = None, unit: str = "", weight: float | None = None) -> None:
        """Begin the next stage.

        `total` is how many units of work it has, None if unknown. `weight` is its share of the whole job, 0 to 1;
        without one it is all that earlier stages left.
        """
        self._done += self._weight
        rest = max(0.0, 1.0 - self._done)
        self._weight = rest if weight is None else min(weight, rest)
        self._current = 0
        self._total = total
        self._write(stage=cut("stage", name), unit=cut("unit", unit))

    def advance(self, n: int = 1) -> None:
        """Count n more units of the stage as done."""
        if n < 0:
            raise ValueError("progress doesn't go backwards")
        self._current += n
        self._unwritten = True
        if self._total is not None and self._current > self._total:
            self._total = None  # the total was wrong, and a bar that knows no better must not pretend
        if self._clock() - self._written_at >= WRITE_INTERVAL:
            self._write()

    def track(
        self,
        iterable: Iterable[T],
        *,
        stage: str,
        unit: str = "",
        total: int | None = None,
        weight: float | None = None,
    ) -> Iterator[T]:
        """Yield the items, and count each as done when the loop asks for the next one."""
        if total is None and isinstance(iterable, Sized):
            total = len(iterable)
        self.stage(stage, total=total, unit=unit, weight=weight)
        for item in iterable:
            yield item
            self.advance()

    def flush(self) -> None:
        """Write what has been counted since the last write."""
        if self._unwritten:
            self._write()

    @property
    def fraction(self) -> float | None:
        """How much of the whole job is done, 0 to 1; None if nobody can know."""
        if self._total is None:
            return None
        within = self._current / self._total if self._total else 1.0
        return self._done + self._weight * within

    def _write(self, **values: str) -> None:
        now, fraction = self._clock(), self.fraction
        eta = self._estimate(now, fraction)
        self._written_at = now
        self._unwritten = False
        self._attempt.write(
            current=self._current,
            total=self._total,
            percent=None if fraction is None else min(99, int(100 * fraction + ROUNDING)),
            eta_seconds=eta,
            **values,
        )

    def _estimate(self, now: float, fraction: float | None) -> int | None:
        """Seconds left, from the smoothed speed; None until there is enough to say."""
        if fraction is None or fraction <= self._measured_fraction or now <= self._measured_at:
            return None
        speed = (fraction - self._measured_fraction) / (now - self._measured_at)
        self._speed = speed if self._speed is None else self._speed + ETA_SMOOTHING * (speed - self._speed)
        self._measured_at, self._measured_fraction = now, fraction
        if now - self._started_at < ETA_AFTER:
            return None
        seconds = (1.0 - fraction) / max(self._speed, 1e-12)
        return round(seconds) if seconds < ETA_LONGEST else None
