"""The visitor's time zone, which determines the current date. `time-zone.js` stores the browser's in a cookie.

Without the cookie, as in requests of API clients and of browsers without JavaScript, the time zone is UTC. Times in API
responses are always in UTC.
"""

import zoneinfo
from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

COOKIE_NAME = "timezone"


class TimeZoneMiddleware:
    """Activate the visitor's time zone for views, forms and templates."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = request.COOKIES.get(COOKIE_NAME, "")
        with timezone.override(zoneinfo.ZoneInfo(name) if name and name in _names() else None):
            return self.get_response(request)


@cache
def _names() -> set[str]:
    """Return the valid names. ZoneInfo raises other exceptions for some invalid names, such as names of directories."""
    return zoneinfo.available_timezones()
