"""Numeric dates such as 31.12.2026 and 12/31/2026, in which the order of day and month is ambiguous.

Programs write all dates of a file in the same order, so one date that fits only one order decides for all of them.
"""

import re
from datetime import date, datetime

DATE = re.compile(
    r"(?P<first>[0-9]{1,2})(?P<separator>[./-])(?P<second>[0-9]{1,2})(?P=separator)(?P<year>[0-9]{4}|[0-9]{2})"
    r"(?:[T, ]+(?P<time>[0-9].*))?"
)
YEAR_FIRST = re.compile(
    r"(?P<year>[0-9]{4})[./](?P<first>[0-9]{1,2})[./](?P<second>[0-9]{1,2})(?:[T, ]+(?P<time>[0-9].*))?"
)
TIME = re.compile(
    r"(?P<hour>[0-9]{1,2})[:.](?P<minute>[0-9]{2})(?:[:.](?P<second>[0-9]{2}))?(?: *(?P<am_or_pm>[ap])\.?m\.?| *Uhr)?",
    re.IGNORECASE,
)


class DayOrder:
    """The order of day and month in the numeric dates of a file. The day is always first in dates with dots."""

    def __init__(self, *, default_day_first: bool) -> None:
        self._default = default_day_first
        self._is_day_first: bool | None = None
        self.ambiguous = ""
        """The first ambiguous date."""

    @property
    def is_day_first(self) -> bool:
        return self._default if self._is_day_first is None else self._is_day_first

    @property
    def is_unknown(self) -> bool:
        """Whether there are ambiguous dates, and no date has shown the order."""
        return bool(self.ambiguous) and self._is_day_first is None

    def examine(self, text: str) -> None:
        """Derive the order from a date of the file, if it fits only one. Other text is ignored."""
        match = DATE.fullmatch(text.strip())
        if not match or match["separator"] == "." or self._is_day_first is not None:
            return
        first, second = int(match["first"]), int(match["second"])
        if first > 12 or second > 12:
            self._is_day_first = first > 12
        elif first != second:
            self.ambiguous = self.ambiguous or text.strip()

    def to_iso(self, text: str) -> str:
        """Convert a numeric date, with or without time, to ISO 8601. Return other text unchanged."""
        stripped = text.strip()
        if match := YEAR_FIRST.fullmatch(stripped):
            month, day = match["first"], match["second"]
        elif match := DATE.fullmatch(stripped):
            is_day_first = match["separator"] == "." or self.is_day_first
            day, month = match.group("first", "second") if is_day_first else match.group("second", "first")
        else:
            return text
        try:
            return _iso(_year(match["year"]), int(month), int(day), match["time"])
        except ValueError:
            return text


def _year(digits: str) -> int:
    return datetime.strptime(digits, "%y").year if len(digits) == 2 else int(digits)


def _iso(year: int, month: int, day: int, time: str | None) -> str:
    if not time:
        return date(year, month, day).isoformat()
    if not (match := TIME.fullmatch(time.strip())):
        raise ValueError(time)
    hour = int(match["hour"])
    if match["am_or_pm"]:
        hour = hour % 12 + (12 if match["am_or_pm"] in "pP" else 0)
    return datetime(year, month, day, hour, int(match["minute"]), int(match["second"] or 0)).isoformat()
