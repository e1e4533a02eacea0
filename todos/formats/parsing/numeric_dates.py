"""Dates of numbers alone, like 31.12.2026 and 12/31/2026, in which day and month can be confused.

Programs write all dates of a file in the same order, so one date that fits only one order decides for all of them.
"""

import re
from datetime import date, datetime

DATE = re.compile(
    r"(?P<a>[0-9]{1,2})(?P<mark>[./-])(?P<b>[0-9]{1,2})(?P=mark)(?P<year>[0-9]{4}|[0-9]{2})(?:[T, ]+(?P<time>[0-9].*))?"
)
YEAR_FIRST = re.compile(r"(?P<year>[0-9]{4})[./](?P<a>[0-9]{1,2})[./](?P<b>[0-9]{1,2})(?:[T, ]+(?P<time>[0-9].*))?")
TIME = re.compile(
    r"(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2}))?(?: *(?P<half>[ap])\.?m\.?| *Uhr)?",
    re.IGNORECASE,
)


class DayOrder:
    """Which of day and month comes first in the numeric dates of a file. With dots it is always the day."""

    def __init__(self, *, guess_day_first: bool) -> None:
        self._guess = guess_day_first
        self._is_day_first: bool | None = None
        self.ambiguous = ""
        """The first date whose order nothing has decided so far."""

    @property
    def is_day_first(self) -> bool:
        return self._guess if self._is_day_first is None else self._is_day_first

    @property
    def is_open(self) -> bool:
        """Whether the order matters and isn't known."""
        return bool(self.ambiguous) and self._is_day_first is None

    def see(self, text: str) -> None:
        """Learn from a date of the file; other text is ignored."""
        found = DATE.fullmatch(text.strip())
        if not found or found["mark"] == "." or self._is_day_first is not None:
            return
        a, b = int(found["a"]), int(found["b"])
        if a > 12 or b > 12:
            self._is_day_first = a > 12
        elif a != b:
            self.ambiguous = self.ambiguous or text.strip()

    def iso(self, text: str) -> str:
        """Return the date in ISO 8601, with its time if it has one; text that is no numeric date unchanged."""
        stripped = text.strip()
        if found := YEAR_FIRST.fullmatch(stripped):
            month, day = found["a"], found["b"]
        elif found := DATE.fullmatch(stripped):
            is_day_first = found["mark"] == "." or self.is_day_first
            day, month = (found["a"], found["b"]) if is_day_first else (found["b"], found["a"])
        else:
            return text
        try:
            return _iso(_year(found["year"]), int(month), int(day), found["time"])
        except ValueError:
            return text


def _year(digits: str) -> int:
    return datetime.strptime(digits, "%y").year if len(digits) == 2 else int(digits)


def _iso(year: int, month: int, day: int, time: str | None) -> str:
    if not time:
        return date(year, month, day).isoformat()
    if not (found := TIME.fullmatch(time.strip())):
        raise ValueError(time)
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] in "pP" else 0)
    return datetime(year, month, day, hour, int(found["minute"]), int(found["second"] or 0)).isoformat()
