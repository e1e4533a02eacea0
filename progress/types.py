"""Types of requests."""

from django.contrib.auth.models import User
from django.http import HttpRequest


class UserRequest(HttpRequest):
    """A request of a logged-in user. `LoginRequiredMiddleware` rejects all others before a view runs."""

    user: User
