"""The `progress` object of a task, with which it reports how much of its work is done.

The percent is computed from counted work only. A job consists of stages, each with a weight: its share of the whole
job. A stage without a known total has no percent, and its bar is indeterminate.

Counting takes some ten nanoseconds and writes nothing. `worker/heartbeat.py` reads the counts at intervals and writes
them to the database, in a thread with a database connection of its own, so that a transaction of the task neither
hides nor rolls back its progress.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, TypeVar

from progress.exceptions import Interrupted
from progress.models import truncate

T = TypeVar("T")

ROUNDING = 1e-9
"""Added before rounding down: 0.29 × 100 is 28.999999999999996 as floating-point numbers."""

MAX_COUNT = 2**63 - 1
"""Largest number that the database's columns take."""

MAX_PERCENT = 99
"""100 % means that the job has succeeded."""


class Stage:
    """Part of a job. `done` and `weight` are fractions of the job: the work before this stage, and this stage."""

    __slots__ = ("current", "done", "name", "total", "unit", "weight")

    def __init__(self, name: str = "", unit: str = "", total: int | None = None, done: float = 0, weight: float = 0):
        self.name = name
        self.unit = unit
        self.total = total
        self.done = done
        self.weight = weight
        self.current = 0

    @property
    def end(self) -> float:
        return self.done + self.weight

    def counts(self) -> dict[str, Any]:
        """Return the columns of a job that show this stage. The task may count concurrently."""
        current, total = min(int(self.current), MAX_COUNT), self.total
        if total is not None and current > total:
            total = None  # the given total was too small, so the real one is unknown
        return {
            "stage": self.name,
            "unit": self.unit,
            "current": current,
            "total": total,
            "percent": _percent(self.fraction(current, total)),
        }

    def fraction(self, current: int, total: int | None) -> float | None:
        """Return the fraction of the whole job that is done, or None if the total is unknown."""
        if total is None:
            return None
        return self.done + self.weight * (current / total if total else 1.0)


class Progress:
    """Progress of one attempt, the first argument of every task. Not thread-safe.

    The methods `stage`, `advance` and `track` raise Cancelled once the job's cancellation was requested.
    """

    def __init__(self) -> None:
        self.current_stage = Stage()
        self.unwritten_stages: deque[Stage] = deque()
        self.interrupt: Interrupted | None = None
        self.wake: Callable[[], None] = lambda: None  # set by the heartbeat, which writes the stages

    def stage(self, name: str, *, total: int | None = None, unit: str = "", weight: float | None = None) -> None:
        """Begin the next stage.

        `total` is its number of units of work, None if unknown. `weight` is its fraction of the whole job, by default
        all that earlier stages have left. Raise ValueError for a total that is negative or above MAX_COUNT.
        """
        if total is not None and not 0 <= total <= MAX_COUNT:
            raise ValueError(f"total must be from 0 to {MAX_COUNT}")
        done = self.current_stage.end
        rest = max(0.0, 1.0 - done)
        share = rest if weight is None else min(max(weight, 0.0), rest)
        self.current_stage = Stage(truncate("stage", name), truncate("unit", unit), total, done, share)
        self.unwritten_stages.append(self.current_stage)
        self.wake()
        self._raise_interrupt()

    def advance(self, n: int = 1) -> None:
        """Count n more units of the stage as done. Raise ValueError if n is negative."""
        if n < 0:
            raise ValueError("progress can't go backwards")
        self.current_stage.current += n
        self._raise_interrupt()

    def track(
        self,
        iterable: Iterable[T],
        *,
        stage: str,
        unit: str = "",
        total: int | None = None,
        weight: float | None = None,
    ) -> Iterator[T]:
        """Begin a stage and yield the items. An item is counted as done when the next item is requested."""
        if total is None and isinstance(iterable, Sized):
            total = len(iterable)
        self.stage(stage, total=total, unit=unit, weight=weight)
        tracked = self.current_stage
        for item in iterable:
            yield item
            tracked.current += 1
            if self.interrupt is not None:  # inlined, because this loop must be fast
                raise self.interrupt

    def final_counts(self) -> dict[str, Any]:
        """Return the columns of a job that ends here. If the percent is unknown, it is that of the earlier stages."""
        counts = self.current_stage.counts()
        if counts["percent"] is None and self.current_stage.done:
            counts["percent"] = _percent(self.current_stage.done)
        return counts

    def _raise_interrupt(self) -> None:
        if self.interrupt is not None:
            raise self.interrupt


def _percent(fraction: float | None) -> int | None:
    return None if fraction is None else min(MAX_PERCENT, int(100 * fraction + ROUNDING))
