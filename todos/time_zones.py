"""Lookup of time zones by IANA name, as browsers and files of other programs send them."""

from functools import lru_cache
from zoneinfo import ZoneInfo


@lru_cache(maxsize=1024)
def get_time_zone(name: str) -> ZoneInfo | None:
    """Return the time zone with this IANA name, or None if the system does not know it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # OSError: the name of a directory of the time zone database
        return None
