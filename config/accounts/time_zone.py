"""The visitor's time zone, which determines the current date. `time-zone.js` stores the browser's in a cookie.

Logged-in users may choose another time zone on the settings page. Without a choice and the cookie, as in requests of
API clients and of browsers without JavaScript, the time zone is UTC. Times in API responses are always in UTC.
"""

import zoneinfo
from collections.abc import Callable
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from config.accounts.preferences import preferences_of

COOKIE_NAME = "timezone"


class TimeZoneMiddleware:
    """Activate the visitor's time zone for views, forms and templates."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(_time_zone(detected_name(request))):
            return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], *args: Any) -> None:
        """Activate the chosen time zone. Views without a login don't load the user, and keep the detected one."""
        is_for_users = getattr(view, "login_required", True) and request.method != "OPTIONS"
        if is_for_users and (zone := _time_zone(preferences_of(request.user).time_zone)):
            timezone.activate(zone)


def detected_name(request: HttpRequest) -> str:
    """Return the name of the browser's time zone, or an empty string if it is unknown."""
    name = request.COOKIES.get(COOKIE_NAME, "")
    return name if name in names() else ""


@cache
def names() -> set[str]:
    """Return the valid names. ZoneInfo raises other exceptions for some invalid names, such as names of directories."""
    return zoneinfo.available_timezones()


def _time_zone(name: str) -> zoneinfo.ZoneInfo | None:
    """Return the time zone, or None for a name that is empty or unknown to this system."""
    return zoneinfo.ZoneInfo(name) if name in names() else None
