"""Parsers of due dates and times.

The due date of a time in UTC is its date in the current time zone, and of a time in another zone its date in that zone.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils import timezone

from todos.formats.parsing.rows import InvalidValue, left_out, quoted
from todos.quick_add import parse_date

TIME_OF_DAY = re.compile(r" (?:at (?P<after_at>.*)|(?P<bare>[0-9]{1,2}:[0-9]{2}.*|[0-9]{1,2} ?[ap]m))$")
MIDNIGHT = {"", "0:00", "00:00", "00:00:00", "12 am", "12am", "12:00 am", "12:00am", "midnight"}
"""Values that programs write for a due date without a time of day."""

EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
"""The range of times that have a date in every time zone."""
BEFORE_YEAR_1 = "0000-12-31T"
"""The start of Go's zero time in a time zone west of Greenwich."""


@dataclass(frozen=True)
class Due:
    """A due date and its time of day in the file, which is empty for midnight."""

    day: date
    time: str = ""

    @property
    def left_out(self) -> tuple[str, ...]:
        """The entry of Row.left_out for the time, which Headway has no field for."""
        return left_out("time", self.time)


def is_zero_time(text: str) -> bool:
    """Return whether this is Go's zero time, 0001-01-01T00:00:00Z, which programs in Go write for an unset time.

    In other zones Go writes the local mean time, with an offset truncated to minutes: 0001-01-01T00:53:28+00:53.
    """
    if not text.startswith("000"):
        return False
    if text.startswith(BEFORE_YEAR_1):
        return True
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        return False
    offset = value.utcoffset()
    return offset is not None and abs(value.replace(tzinfo=None) - datetime.min - offset) < timedelta(minutes=1)


def parse_due(text: str) -> Due:
    """Parse a date or a time in ISO 8601. Raise InvalidValue."""
    text = text.strip()
    try:
        is_date = len(text) <= len("2030-01-31")
        return local_due(date.fromisoformat(text) if is_date else datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise InvalidValue(
            f"{quoted(text)} is not a valid date. Write it as year-month-day, like 2030-01-31."
        ) from None


def parse_due_or_words(text: str) -> Due:
    """Parse a date in ISO 8601 or in words, such as "tomorrow". Raise InvalidValue."""
    try:
        return parse_due(text)
    except InvalidValue:
        if due := _parse_due_words(text, timezone.localdate()):
            return due
        raise


def _parse_due_words(text: str, today: date) -> Due | None:
    """Parse a date in words, with or without a time of day. Return None if the words are not understood."""
    words = " ".join(text.lower().split())
    match = TIME_OF_DAY.search(words)
    day = parse_date(words[: match.start()] if match else words, today)
    time_of_day = (match["after_at"] or match["bare"] or "").strip() if match else ""
    return Due(day, "" if time_of_day in MIDNIGHT else time_of_day) if day else None


def local_due(value: date) -> Due:
    """Return the date and time of day. A time in UTC is converted to the current time zone. Raise OverflowError."""
    if not isinstance(value, datetime):
        return Due(value)
    local = timezone.localtime(value) if value.tzinfo and value.tzname() == "UTC" else value
    time_of_day = f"{local:%H:%M}"
    return Due(local.date(), "" if time_of_day in MIDNIGHT else time_of_day)


def parse_time(text: str) -> datetime:
    """Parse a time or a date in ISO 8601 and convert it to UTC, as `to_utc` does. Raise InvalidValue."""
    text = text.strip()
    try:
        return to_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise InvalidValue(
            f"{quoted(text)} is not a valid time. Write it like 2030-01-31T09:00:00Z or 2030-01-31."
        ) from None


def to_utc(value: date) -> datetime:
    """Convert a time to UTC. Raise OverflowError if it is out of range.

    A time without time zone is in the current one, and a date is its midnight.
    """
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    utc = (timezone.make_aware(value) if timezone.is_naive(value) else value).astimezone(UTC)
    if not EARLIEST <= utc <= LATEST:
        raise OverflowError
    return utc
