"""Numeric dates such as 31.12.2026 and 12/31/2026, in which the order of day and month is ambiguous.

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
    """The order of day and month in the numeric dates of a file. The day is always first in dates with dots."""

    def __init__(self, *, guess_day_first: bool) -> None:
        self._guess = guess_day_first
        self._is_day_first: bool | None = None
        self.ambiguous = ""
        """The first ambiguous date, if the order is still unknown."""

    @property
    def is_day_first(self) -> bool:
        return self._guess if self._is_day_first is None else self._is_day_first

    @property
    def is_open(self) -> bool:
        """Whether there are ambiguous dates and the order is unknown."""
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
        """Convert a numeric date, with or without time, to ISO 8601. Return other text unchanged."""
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
