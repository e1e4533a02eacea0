"""Preferences of the current user, for templates and middleware.

They cost no query: `UserBackend` loads them with the user. Templates of pages that require a login may use

    {{ preferences.theme }}        "light", "dark", or empty for the theme of the device
    {{ preferences.shortcuts }}    whether keyboard shortcuts are on

Visitors have the defaults. A template that is also rendered without a request, like that of errors, finds no
`preferences`, and both are empty there. Static pages must not use them, because they are the same for every visitor.
"""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser, User
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from config.models import Preferences


def preferences_of(user: AbstractBaseUser | AnonymousUser) -> Preferences:
    """Return the stored preferences, or the defaults, unsaved, if the user has never changed them."""
    if not isinstance(user, User):
        return Preferences()
    try:
        return user.preferences
    except Preferences.DoesNotExist:
        return Preferences(user=user)


def preferences(request: HttpRequest) -> dict[str, Any]:
    """Context processor: the user is loaded only when a template reads `preferences`."""
    return {"preferences": SimpleLazyObject(lambda: preferences_of(request.user))}
