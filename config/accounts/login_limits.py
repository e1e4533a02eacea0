"""Limits on guessing passwords: a handler and an authentication backend for django-axes.

A guess is recorded as a failure before its password is checked, and a successful log-in deletes the record again. So
every guess counts: a guess whose record can't be written is never checked, and of many guesses that are sent at the
same time no more are checked than the limits allow. A guess that a limit refuses isn't recorded, so waiting helps.

Failures are `AccessFailureLog` rows of django-axes. Its own counter keeps one number per account, address and browser
and so can't count over several of them.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from ipaddress import IPv6Address, IPv6Network, ip_address
from operator import or_
from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.exceptions import AxesBackendPermissionDenied
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_client_username
from axes.models import AccessFailureLog, AccessLog
from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from config.http.middleware import client_address

logger = logging.getLogger(__name__)

UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104  # a value to compare, nothing listens there


@dataclass(frozen=True)
class Limit:
    """At most so many failures within the window whose fields have the same values."""

    failures: int
    window: timedelta
    fields: tuple[str, ...]


PER_ACCOUNT_AND_ADDRESS = Limit(5, timedelta(minutes=15), ("username", "ip_address"))
PER_ADDRESS = Limit(100, timedelta(hours=1), ("ip_address",))
"""For all accounts together: stops trying one password on every account. Many people may share one address."""

PER_ACCOUNT = Limit(50, timedelta(days=1), ("username",))
"""For all addresses together: stops guesses that are spread over a botnet. Anybody can fill this limit for any account,
so it doesn't apply to addresses from which the account has logged in before, and a password reset empties it."""

OF_A_SESSION = (PER_ACCOUNT_AND_ADDRESS, Limit(50, timedelta(days=1), ("username", "ip_address")))
"""For the old password when a user changes it. The user is known, so these failures have no address."""


class TooManyGuesses(Exception):
    """The old password may not be tried again before this time."""

    def __init__(self, locked_until: datetime) -> None:
        super().__init__(locked_until)
        self.locked_until = locked_until


def client_network(request: HttpRequest) -> str:
    """Return the address by which a client is counted (AXES_CLIENT_IP_CALLABLE): an IPv6 client owns a whole /64."""
    try:
        address = ip_address(client_address(request))
    except ValueError:
        return UNKNOWN_ADDRESS
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Network((int(address), 64), strict=False).network_address)
    return str(address)


class Handler(AxesDatabaseHandler):
    """AXES_HANDLER: django-axes' own log of successful log-ins, and the failures and limits of this module."""

    def is_locked(self, request: HttpRequest, credentials: dict | None = None, *, excess: int = 0) -> bool:
        """Set `request.axes_locked_until` too. `excess` is the number of failures that don't count."""
        username, address = get_client_username(request, credentials), request.axes_ip_address  # type: ignore[attr-defined]
        until = _locked_until([PER_ACCOUNT_AND_ADDRESS, PER_ADDRESS], username, address, excess)
        if until is None and not AccessLog.objects.filter(username=username, ip_address=address).exists():
            until = _locked_until([PER_ACCOUNT], username, address, excess)
        request.axes_locked_until = until  # type: ignore[attr-defined]
        return until is not None

    def user_login_failed(
        self, sender: object, credentials: dict, request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Answer the failure that fills a limit with 429, like those after it. The backend has recorded it."""
        if request is None:
            return
        logger.warning("a log-in failed")
        if self.is_locked(request, credentials):
            request.axes_locked_out = True  # type: ignore[attr-defined]

    def clean_expired_user_attempts(self, request: HttpRequest | None = None, credentials: dict | None = None) -> int:
        return 0  # there are no rows of `AccessAttempt`, which django-axes' own counter uses

    def reset_user_attempts(self, request: HttpRequest, credentials: dict | None = None) -> int:
        """Delete the failures of this account from this address. Return their number."""
        username, address = get_client_username(request, credentials), request.axes_ip_address  # type: ignore[attr-defined]
        return AccessFailureLog.objects.filter(username=username, ip_address=address).delete()[0]

    def reset_attempts(
        self, *, ip_address: str | None = None, username: str | None = None, ip_or_username: bool = False
    ) -> int:
        """Delete failures, as `manage.py axes_reset` and a password reset do. Return their number."""
        given = {"ip_address": ip_address, "username": username}
        conditions = [Q(**{field: value}) for field, value in given.items() if value]
        if ip_or_username:
            conditions = [reduce(or_, conditions)]
        return AccessFailureLog.objects.filter(*conditions).delete()[0]


class RecordingBackend(AxesStandaloneBackend):
    """First of AUTHENTICATION_BACKENDS: refuse guesses beyond the limits, and record the others."""

    def authenticate(
        self, request: HttpRequest, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> None:
        super().authenticate(request, username, password, **kwargs)
        failure = AccessFailureLog.objects.create(
            username=username,
            ip_address=request.axes_ip_address,  # type: ignore[attr-defined]
            user_agent=request.axes_user_agent,  # type: ignore[attr-defined]
            http_accept=request.axes_http_accept,  # type: ignore[attr-defined]
            path_info=request.axes_path_info,  # type: ignore[attr-defined]
        )
        if AxesProxyHandler.get_implementation().is_locked(request, {"username": username}, excess=1):
            failure.delete()  # guesses that were sent at the same time have filled the limit
            raise AxesBackendPermissionDenied("Too many guesses at the same time.")


def begin_guess(username: str) -> AccessFailureLog:
    """Count a guess at the old password of a signed-in user. Return the record, to be deleted if the guess is right.

    Raises TooManyGuesses.
    """
    if until := _locked_until(OF_A_SESSION, username, None):
        raise TooManyGuesses(until)
    failure = AccessFailureLog.objects.create(username=username, path_info=reverse("password_change"))
    if until := _locked_until(OF_A_SESSION, username, None, excess=1):
        failure.delete()
        raise TooManyGuesses(until)
    return failure


def _locked_until(
    limits: Iterable[Limit], username: str | None, address: str | None, excess: int = 0
) -> datetime | None:
    """Return when every limit allows another guess, or None if that is now."""
    values = {"username": username, "ip_address": address}
    return max((end for limit in limits if (end := _end(limit, values, excess))), default=None)


def _end(limit: Limit, values: dict[str, str | None], excess: int) -> datetime | None:
    """Return when the failure that fills the limit leaves its window, or None if the limit isn't filled."""
    same = {field: values[field] for field in limit.fields}
    times = AccessFailureLog.objects.filter(**same).order_by("-attempt_time").values_list("attempt_time", flat=True)
    recent = times.filter(attempt_time__gt=timezone.now() - limit.window)
    last = limit.failures + excess - 1
    return next((time + limit.window for time in recent[last : last + 1]), None)
