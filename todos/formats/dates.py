"""Days and times, as files write them.

A day is the one that a person sees: of a time in UTC the day it is here, of a time elsewhere the day it is there.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.utils import timezone

from todos.formats.rows import Wrong, quoted
from todos.quick_add import parse_date

TIME_OF_DAY = re.compile(r" (?:at .*|[0-9]{1,2}:[0-9]{2}.*|[0-9]{1,2} ?[ap]m)$", re.IGNORECASE)
EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
"""What has a date in every zone."""
BEFORE_YEAR_1 = "0000-12-31T"
"""How Go's zero time begins in a time zone west of Greenwich."""


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """Return the time zone of this IANA name, or None if this machine knows none."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: it is the name of a directory
        return None


def is_zero_time(text: str) -> bool:
    """Whether this is Go's zero time, 0001-01-01T00:00:00Z, which programs in Go write for a time that is not set.

    In another zone Go writes the local mean time, and cuts the seconds of its offset: 0001-01-01T00:53:28+00:53.
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


def day(text: str) -> date:
    """A date, or the date of a time, in ISO 8601. Raises Wrong."""
    text = text.strip()
    try:
        return date.fromisoformat(text) if len(text) <= len("2030-01-31") else day_seen(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise Wrong(f"{quoted(text)} is no date. Write it as year-month-day, like 2030-01-31.") from None


def day_or_words(text: str) -> date:
    """Return the date that is written in ISO 8601 or as words. Raises Wrong."""
    try:
        return day(text)
    except Wrong:
        if found := day_in_words(text, timezone.localdate()):
            return found
        raise


def day_in_words(text: str, today: date) -> date | None:
    """The day that these words mean, with or without a time of day after them; None if they mean none."""
    return parse_date(TIME_OF_DAY.sub("", " ".join(text.lower().split())), today)


def day_seen(value: date) -> date:
    """The date a person sees. Raises OverflowError at the ends of the calendar."""
    if not isinstance(value, datetime):
        return value
    return (timezone.localtime(value) if value.tzinfo and value.tzname() == "UTC" else value).date()


def moment(text: str) -> datetime:
    """A time in ISO 8601; without a zone it is one of ours, and of a date it is the midnight. Raises Wrong."""
    text = text.strip()
    try:
        return aware(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise Wrong(f"{quoted(text)} is no time. Write it like 2030-01-31T09:00:00Z, or just 2030-01-31.") from None


def aware(value: date) -> datetime:
    """The time in UTC, understood as in `moment`. Raises OverflowError at the ends of the calendar."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time())
    found = (timezone.make_aware(value) if timezone.is_naive(value) else value).astimezone(UTC)
    if not EARLIEST <= found <= LATEST:
        raise OverflowError
    return found
