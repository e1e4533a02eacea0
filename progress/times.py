"""Times and durations as text. `static/progress/format.js` formats durations in the same way."""

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format


def format_duration(seconds: int) -> str:
    """Format a duration in the unit that fits it, rounded half up."""
    if seconds < 90:
        return f"{seconds} s"
    if seconds < 5400:
        return f"{(seconds + 30) // 60} min"
    return f"{(seconds + 1800) // 3600} h"


def format_time(time: datetime) -> str:
    """Format a time in the current time zone, without the date if it is today, and without the year if it is this."""
    local, today = timezone.localtime(time), timezone.localdate()
    if local.date() == today:
        return date_format(local, "H:i")
    return date_format(local, "j M, H:i" if local.year == today.year else "j M Y, H:i")
