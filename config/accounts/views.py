"""Forms and views of accounts, where Django's own need a limit. Their templates are in `registration/`."""

from typing import Any

from axes.utils import reset
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import forms as auth_forms
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm, UserCreationForm
from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.contrib.auth.views import PasswordChangeView, PasswordResetConfirmView
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import PermissionDenied
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.views.decorators.http import require_http_methods

from config.accounts.login_limits import TooManyGuesses, begin_guess
from config.http.errors import too_many_guesses
from config.models import PasswordResetMail


def signup_open(request: HttpRequest) -> dict[str, bool]:
    """A context processor: pages offer to sign up only where one can."""
    return {"signup_open": settings.SIGNUP_OPEN}


class BoundedCredentials:
    """A mixin for log-in forms: Django's own gives `maxlength` to the browser and doesn't check it."""

    MAX_PASSWORD_LENGTH = 4096

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        username, password = self.fields["username"], self.fields["password"]  # type: ignore[attr-defined]
        username.validators.append(MaxLengthValidator(username.max_length))
        password.validators.append(MaxLengthValidator(self.MAX_PASSWORD_LENGTH))


class LogInForm(BoundedCredentials, auth_forms.AuthenticationForm):
    pass


class AdminLogInForm(BoundedCredentials, AdminAuthenticationForm):
    pass


class PasswordChangeForm(auth_forms.PasswordChangeForm):
    def clean_old_password(self) -> str:
        """Raises TooManyGuesses."""
        guess = begin_guess(self.user.get_username())
        password = super().clean_old_password()
        guess.delete()
        return password


class PasswordChange(PasswordChangeView):
    """Django's own, but the old password can't be guessed for ever by whoever has got hold of a session."""

    form_class = PasswordChangeForm

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().post(*args, **kwargs)
        except TooManyGuesses as error:
            return too_many_guesses(error.locked_until)


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


class PasswordResetForm(auth_forms.PasswordResetForm):
    """Django's own, but it sends one mail for all accounts of an address, and at most one in an hour."""

    def save(  # type: ignore[override]  # Django's has options that its view doesn't use
        self, *, request: HttpRequest, use_https: bool, token_generator: PasswordResetTokenGenerator, **mail: Any
    ) -> None:
        given = self.cleaned_data["email"]
        accounts = sorted(self.get_users(given), key=lambda user: user.pk)
        if not accounts or not PasswordResetMail.objects.claim(given.casefold()):
            return
        # Other spellings may be other mailboxes, and each may get links of its own accounts alone.
        address = next((user.email for user in accounts if user.email == given), accounts[0].email)
        accounts = [user for user in accounts if user.email == address]
        site = get_current_site(request)
        context = {
            "user": accounts[0],
            "accounts": [_reset_link(user, token_generator) for user in accounts],
            "domain": site.domain,
            "site_name": site.name,
            "protocol": "https" if use_https else "http",
        }
        templates = mail["subject_template_name"], mail["email_template_name"]
        self.send_mail(*templates, context, mail["from_email"], address)


def _reset_link(user: User, token_generator: PasswordResetTokenGenerator) -> dict[str, str]:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return {"username": user.get_username(), "uid": uid, "token": token_generator.make_token(user)}


class PasswordResetConfirm(PasswordResetConfirmView):
    """Django's own; and whoever could read the mail is let in again."""

    def form_valid(self, form: SetPasswordForm) -> HttpResponse:
        reset(username=form.user.get_username())
        return super().form_valid(form)
