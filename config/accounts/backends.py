"""Authentication backend that loads users together with their preferences."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest


class UserBackend(ModelBackend):
    """Django's backend, which reads the user of a session and the user's preferences in one query."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> User:
        """Return the user. Raise PermissionDenied otherwise, so that no later backend hashes the password again."""
        user = super().authenticate(request, username, password, **kwargs)
        if not isinstance(user, User):
            raise PermissionDenied
        return user

    def get_user(self, user_id: int) -> User | None:
        user = User.objects.select_related("preferences").filter(pk=user_id).first()
        return user if user and self.user_can_authenticate(user) else None
