"""Which day it is where the reader is: their browser names its time zone by a cookie, which `time-zone.js` sets.

Without that cookie, as for programs and browsers without JavaScript, it is the day of UTC. What programs are told is
in UTC in any case.
"""

import zoneinfo
from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

COOKIE = "timezone"


class TimeZone:
    """Views, forms and templates have the reader's time zone as Django's current one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get(COOKIE, "")
        with timezone.override(zoneinfo.ZoneInfo(name) if name and name in _names() else None):
            return self.get_response(request)


@cache
def _names() -> set[str]:
    """Looked up, because some other names are those of directories, which can't be read."""
    return zoneinfo.available_timezones()
