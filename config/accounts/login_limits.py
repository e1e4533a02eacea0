"""Limits of password attempts: a handler and an authentication backend for django-axes.

An attempt is recorded as a failure before its password is checked, and a successful login deletes the record. So every
attempt counts: if its record can't be written, its password isn't checked, and no more concurrent attempts are checked
than the limits allow. An attempt beyond a limit isn't recorded, so it doesn't extend the waiting time.

Failures are `AccessFailureLog` rows of django-axes. The counter of django-axes isn't used: it has one number per
account, address and browser, so it can't count failures of an account from several addresses.
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
from django.utils import timezone

from config.http.middleware import client_address

logger = logging.getLogger(__name__)

Credentials = dict[str, Any]

UNKNOWN_ADDRESS = "0.0.0.0"  # noqa: S104  # only compared, nothing listens on it


@dataclass(frozen=True)
class Limit:
    """Maximum number of failures within a window that have the same values in these fields."""

    failures: int
    window: timedelta
    fields: tuple[str, ...]


PER_ACCOUNT_AND_ADDRESS = Limit(5, timedelta(minutes=15), ("username", "ip_address"))
PER_ADDRESS = Limit(100, timedelta(hours=1), ("ip_address",))
"""Limit for all accounts together, against trying one password on every account. It allows for shared addresses."""

PER_ACCOUNT = Limit(50, timedelta(days=1), ("username",))
"""Limit for all addresses together, against attempts from a botnet. Anyone can exhaust this limit of any account, so it
doesn't apply to addresses from which the account has logged in before, and a password reset lifts it."""

PASSWORD_CHANGE_LIMITS = (PER_ACCOUNT_AND_ADDRESS, Limit(50, timedelta(days=1), ("username", "ip_address")))
"""Limits for the current password on pages that ask for it again. The user is logged in, so there is no address."""


class TooManyPasswordAttempts(Exception):
    """The current password may not be tried again before `locked_until`."""

    def __init__(self, locked_until: datetime) -> None:
        super().__init__(locked_until)
        self.locked_until = locked_until


def client_network(request: HttpRequest) -> str:
    """Return the address that identifies a client (AXES_CLIENT_IP_CALLABLE): for IPv6, that of its /64 network."""
    try:
        address = ip_address(client_address(request))
    except ValueError:
        return UNKNOWN_ADDRESS
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or IPv6Network((int(address), 64), strict=False).network_address)
    return str(address)


class Handler(AxesDatabaseHandler):  # type: ignore[misc]  # django-axes has no types
    """django-axes' log of successful logins, with the failures and limits of this module (AXES_HANDLER)."""

    def is_locked(self, request: HttpRequest, credentials: Credentials | None = None, *, excess: int = 0) -> bool:
        """Return whether a limit is exceeded by more than `excess` failures. Set `request.axes_locked_until`."""
        username, address = get_client_username(request, credentials), request.axes_ip_address  # type: ignore[attr-defined]
        until = _locked_until([PER_ACCOUNT_AND_ADDRESS, PER_ADDRESS], username, address, excess)
        if until is None and not AccessLog.objects.filter(username=username, ip_address=address).exists():
            until = _locked_until([PER_ACCOUNT], username, address, excess)
        request.axes_locked_until = until  # type: ignore[attr-defined]
        return until is not None

    def user_login_failed(
        self, sender: object, credentials: Credentials, request: HttpRequest | None = None, **kwargs: Any
    ) -> None:
        """Make the response 429 if this failure, which RecordingBackend has recorded, reaches a limit."""
        if request is None:
            return
        logger.warning("login failed")
        if self.is_locked(request, credentials):
            request.axes_locked_out = True  # type: ignore[attr-defined]

    def clean_expired_user_attempts(
        self, request: HttpRequest | None = None, credentials: Credentials | None = None
    ) -> int:
        return 0  # the model of that counter, `AccessAttempt`, has no rows

    def reset_user_attempts(self, request: HttpRequest, credentials: Credentials | None = None) -> int:
        """Delete the failures of this account from this address. Return their number."""
        username, address = get_client_username(request, credentials), request.axes_ip_address  # type: ignore[attr-defined]
        deleted: int = AccessFailureLog.objects.filter(username=username, ip_address=address).delete()[0]
        return deleted

    def reset_attempts(
        self, *, ip_address: str | None = None, username: str | None = None, ip_or_username: bool = False
    ) -> int:
        """Delete failures, for `manage.py axes_reset` and password resets. Return their number."""
        values = {"ip_address": ip_address, "username": username}
        conditions = [Q(**{field: value}) for field, value in values.items() if value]
        if ip_or_username:
            conditions = [reduce(or_, conditions)]
        deleted: int = AccessFailureLog.objects.filter(*conditions).delete()[0]
        return deleted


class RecordingBackend(AxesStandaloneBackend):  # type: ignore[misc]
    """The first of AUTHENTICATION_BACKENDS. It rejects attempts beyond the limits and records all others."""

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
            failure.delete()  # concurrent attempts have reached the limit
            raise AxesBackendPermissionDenied("Too many concurrent password attempts.")


def record_password_attempt(username: str, path: str) -> AccessFailureLog:
    """Record an attempt at the password of a logged-in user, on the page with this path.

    Return the record: delete it if the password is valid.
    Raise TooManyPasswordAttempts beyond a limit.
    """
    if until := _locked_until(PASSWORD_CHANGE_LIMITS, username, None):
        raise TooManyPasswordAttempts(until)
    failure = AccessFailureLog.objects.create(username=username, path_info=path)
    if until := _locked_until(PASSWORD_CHANGE_LIMITS, username, None, excess=1):
        failure.delete()
        raise TooManyPasswordAttempts(until)
    return failure


def _locked_until(
    limits: Iterable[Limit], username: str | None, address: str | None, excess: int = 0
) -> datetime | None:
    """Return the time from which all limits allow another attempt, or None if they allow one now."""
    values = {"username": username, "ip_address": address}
    return max((end for limit in limits if (end := _end_of_lock(limit, values, excess))), default=None)


def _end_of_lock(limit: Limit, values: dict[str, str | None], excess: int) -> datetime | None:
    """Return when the failure that reached the limit leaves the window, or None if the limit isn't reached."""
    same = {field: values[field] for field in limit.fields}
    times = AccessFailureLog.objects.filter(**same).order_by("-attempt_time").values_list("attempt_time", flat=True)
    recent = times.filter(attempt_time__gt=timezone.now() - limit.window)
    last = limit.failures + excess - 1
    return next((time + limit.window for time in recent[last : last + 1]), None)
