"""Table of results: each value beside that of a peer, or beside a limit."""

from collections.abc import Iterable
from dataclasses import dataclass

HEADINGS = ("name", "database", "ours", "peer or limit", "ratio", "wanted", "")


@dataclass(frozen=True)
class Result:
    """A measured value. `most` and `least` limit its ratio to the peer's; a result with neither is not judged."""

    name: str
    database: str
    ours: float
    peer: float
    unit: str
    most: float | None = None
    least: float | None = None

    @property
    def ratio(self) -> float:
        return self.ours / self.peer

    @property
    def wanted(self) -> str:
        if self.most is not None:
            return f"≤ {self.most:g}"
        return "" if self.least is None else f"≥ {self.least:g}"


def is_met(result: Result) -> bool:
    if result.most is not None and result.ratio > result.most:
        return False
    return result.least is None or result.ratio >= result.least


def table(results: Iterable[Result]) -> str:
    rows = [HEADINGS, *map(_row, results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _row(result: Result) -> tuple[str, ...]:
    verdict = ("ok" if is_met(result) else "NOT MET") if result.wanted else ""
    ours, peer = (f"{_short(value)} {result.unit}" for value in (result.ours, result.peer))
    return result.name, result.database, ours, peer, f"{result.ratio:.2f}", result.wanted, verdict


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
