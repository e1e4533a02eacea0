"""Signing up, and what a new password unlocks. The rest is Django's own views with templates in `registration/`."""

from axes.utils import reset
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm, UserCreationForm
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordResetConfirmView
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
@require_http_methods(["GET", "HEAD", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    """Make an account and log it in, where the site allows that (SIGNUP_OPEN)."""
    if not settings.SIGNUP_OPEN:
        raise PermissionDenied("Sign-up is closed. Ask whoever runs this site for an account.")
    form = SignupForm(request.POST or None)
    if form.is_valid():
        login(request, form.save(), backend="django.contrib.auth.backends.ModelBackend")
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "registration/signup.html", {"form": form})


class PasswordResetConfirm(PasswordResetConfirmView):
    """Django's own; and whoever could read the mail is let in again."""

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        reset(username=form.user.get_username())
        return super().form_valid(form)
