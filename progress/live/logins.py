"""Logins: the session that a stream or a long poll was opened with, and whether it is still valid.

Django checks a session once, at the start of a request; these requests go on for minutes after that. The hub repeats
the check for all of them together, by two queries, so its cost doesn't grow with their number. Sessions must be stored
in the database (`django.contrib.sessions.backends.db` or `cached_db`).
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self

from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone


@dataclass(frozen=True, slots=True)
class Login:
    user_id: Any
    session_key: str
    auth_hash: str
    """Differs once the user has another password, which ends all their other sessions."""

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """Return the login that an authenticated request was made with."""
        user: Any = request.user
        return cls(user.pk, request.session.session_key or "", user.get_session_auth_hash())


def still_valid(logins: Collection[Login]) -> set[Login]:
    """Return the logins whose session exists and whose user is active and has the same password as before.

    Raise DatabaseError.
    """
    sessions = Session.objects.filter(
        session_key__in={login.session_key for login in logins}, expire_date__gt=timezone.now()
    )
    users = get_user_model().objects.filter(pk__in={login.user_id for login in logins}, is_active=True)
    keys = set(sessions.values_list("session_key", flat=True))
    hashes = {user.pk: user.get_session_auth_hash() for user in users}
    return {login for login in logins if login.session_key in keys and hashes.get(login.user_id) == login.auth_hash}
