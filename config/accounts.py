"""Signing up. Everything else about accounts is Django's own views with templates of ours in `registration/`."""

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods


def signup_open(request: HttpRequest) -> dict[str, bool]:
    """A context processor: pages offer to sign up only where one can."""
    return {"signup_open": settings.SIGNUP_OPEN}


class SignupForm(UserCreationForm):
    """A user name and a password, and an e-mail address for who may want to reset it one day."""

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "email")
        help_texts = {"email": "Optional. It is used for one thing: to reset your password."}


@login_not_required
@require_http_methods(["GET", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    """Make an account and log it in, where the site allows that (SIGNUP_OPEN)."""
    if not settings.SIGNUP_OPEN:
        raise PermissionDenied("Sign-up is closed. Ask whoever runs this site for an account.")
    form = SignupForm(request.POST or None)
    if form.is_valid():
        login(request, form.save(), backend="django.contrib.auth.backends.ModelBackend")
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "registration/signup.html", {"form": form})
