"""What a task is given to say how far it has come.

Percent comes from counted work alone. A job is made of stages; each has a weight, its share of the whole job. In a
stage without a known total nobody can know the percent, so it is None there: the bar is indeterminate, not wrong.

Counting writes nothing, and costs a task some ten nanoseconds. `worker/heartbeat.py` reads the counts at intervals and
writes them to the database, in a thread and over a database connection of its own, so that a transaction of the task
neither hides nor rolls back its progress.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any, TypeVar

from progress.exceptions import Interrupted
from progress.models import cut

T = TypeVar("T")

ROUNDING = 1e-9
"""0.29 × 100 is 28.999999999999996 to a computer."""

LARGEST = 2**63 - 1
"""As far as the database can count."""


class Stage:
    """A part of the work. `done` and `weight` are shares of the job, 0 to 1: all before this stage, and the stage."""

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
        """The columns of a job that show this stage. The thread that counts may go on meanwhile."""
        current, total = min(int(self.current), LARGEST), self.total
        if total is not None and current > total:
            total = None  # the total was wrong, and a bar that knows no better must not pretend
        fraction = self.fraction(current, total)
        return {
            "stage": self.name,
            "unit": self.unit,
            "current": current,
            "total": total,
            "percent": None if fraction is None else min(99, int(100 * fraction + ROUNDING)),
        }

    def fraction(self, current: int, total: int | None) -> float | None:
        """How much of the whole job is done, 0 to 1; None if nobody can know."""
        if total is None:
            return None
        return self.done + self.weight * (current / total if total else 1.0)


class Progress:
    """The first argument of every task. Not for use from several threads.

    `stage`, `advance` and `track` are its updates: each raises Cancelled once the job is to stop.
    """

    def __init__(self) -> None:
        self.now = Stage()
        self.begun: deque[Stage] = deque()  # the stages that nobody has been shown yet
        self.interrupt: Interrupted | None = None
        self.wake: Callable[[], None] = lambda: None  # whoever writes the counts

    def stage(self, name: str, *, total: int | None = None, unit: str = "", weight: float | None = None) -> None:
        """Begin the next stage.

        `total` is how many units of work it has, None if unknown. `weight` is its share of the whole job, 0 to 1;
        without one it is all that earlier stages left.
        """
        if total is not None and not 0 <= total <= LARGEST:
            raise ValueError(f"a total is from 0 to {LARGEST}")
        done = self.now.end
        rest = max(0.0, 1.0 - done)
        share = rest if weight is None else min(max(weight, 0.0), rest)
        self.now = Stage(cut("stage", name), cut("unit", unit), total, done, share)
        self.begun.append(self.now)
        self.wake()
        self._stop_if_told()

    def advance(self, n: int = 1) -> None:
        """Count n more units of the stage as done."""
        if n < 0:
            raise ValueError("progress doesn't go backwards")
        self.now.current += n
        self._stop_if_told()

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
        mine = self.now
        for item in iterable:
            yield item
            mine.current += 1
            if self.interrupt is not None:
                raise self.interrupt

    def reached(self) -> dict[str, Any]:
        """The columns of a job that has ended here. A percent that is not known now is what earlier stages made it."""
        counts = self.now.counts()
        if counts["percent"] is None and self.now.done:
            counts["percent"] = min(99, int(100 * self.now.done + ROUNDING))
        return counts

    def _stop_if_told(self) -> None:
        if self.interrupt is not None:
            raise self.interrupt
