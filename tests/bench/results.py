"""Results of benchmarks, compared with another program or a limit, as a table."""

from collections.abc import Iterable
from dataclasses import dataclass

HEADINGS = ("name", "database", "Headway", "peer or limit", "ratio", "target", "")


@dataclass(frozen=True)
class Result:
    """A measured value and the one it is compared with. Without a target the result is only informative."""

    name: str
    database: str
    value: float
    reference: float
    unit: str
    max_ratio: float | None = None
    min_ratio: float | None = None

    @property
    def ratio(self) -> float:
        return self.value / self.reference

    @property
    def target(self) -> str:
        if self.max_ratio is not None:
            return f"≤ {self.max_ratio:g}"
        return "" if self.min_ratio is None else f"≥ {self.min_ratio:g}"

    @property
    def meets_target(self) -> bool:
        if self.max_ratio is not None and self.ratio > self.max_ratio:
            return False
        return self.min_ratio is None or self.ratio >= self.min_ratio


def format_table(results: Iterable[Result]) -> str:
    """Return the results as text, one per line, in aligned columns."""
    rows = [HEADINGS, *map(_row, results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def _row(result: Result) -> tuple[str, ...]:
    verdict = ("ok" if result.meets_target else "NOT MET") if result.target else ""
    value, reference = (f"{_format(number)} {result.unit}" for number in (result.value, result.reference))
    return result.name, result.database, value, reference, f"{result.ratio:.2f}", result.target, verdict


def _format(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
