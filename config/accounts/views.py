"""Forms and views of accounts, where Django's lack a limit. Their templates are in `templates/registration/`."""

from typing import TYPE_CHECKING, Any

from axes.utils import reset
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import forms as auth_forms
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm, UserCreationForm
from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.contrib.auth.views import PasswordChangeView, PasswordResetConfirmView, PasswordResetView
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import PermissionDenied
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.views.decorators.http import require_http_methods

from config.accounts.login_limits import TooManyPasswordAttempts, record_password_attempt
from config.accounts.session import INCORRECT_CREDENTIALS
from config.http.errors import too_many_password_attempts
from config.models import PasswordResetMail

if TYPE_CHECKING:
    DjangoSignupForm = UserCreationForm[User]
else:
    DjangoSignupForm = UserCreationForm  # has no type parameters at run time


def signup_open(request: HttpRequest) -> dict[str, bool]:
    """Context processor: show links to the sign-up page only if it is open."""
    return {"signup_open": settings.SIGNUP_OPEN}


class BoundedCredentials:
    """Mixin for login forms that validates the lengths. Django only sends `maxlength` to the browser."""

    MAX_PASSWORD_LENGTH = 4096

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        username, password = self.fields["username"], self.fields["password"]  # type: ignore[attr-defined]
        username.validators.append(MaxLengthValidator(username.max_length))
        password.validators.append(MaxLengthValidator(self.MAX_PASSWORD_LENGTH))


class LogInForm(BoundedCredentials, auth_forms.AuthenticationForm):
    error_messages = {**auth_forms.AuthenticationForm.error_messages, "invalid_login": INCORRECT_CREDENTIALS}


class AdminLogInForm(BoundedCredentials, AdminAuthenticationForm):
    pass


class PasswordChangeForm(auth_forms.PasswordChangeForm):
    def clean_old_password(self) -> str:
        """Raise TooManyPasswordAttempts beyond the limits."""
        failure = record_password_attempt(self.user.get_username(), reverse("password_change"))
        password = super().clean_old_password()
        failure.delete()
        return password


class PasswordChange(PasswordChangeView):
    """Django's view, with limits on guessing the old password in a stolen session."""

    form_class = PasswordChangeForm

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().post(*args, **kwargs)
        except TooManyPasswordAttempts as error:
            return too_many_password_attempts(error.locked_until)


class SignupForm(DjangoSignupForm):
    """Username and password, and an optional email address, to which password resets are sent."""

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ("username", "email")
        help_texts = {
            "username": "Letters, digits and @ . + - _ are allowed.",
            "email": "Optional. Used only to reset your password.",
        }


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def signup(request: HttpRequest) -> HttpResponse:
    """Create an account and log in, if sign-up is open (SIGNUP_OPEN)."""
    if not settings.SIGNUP_OPEN:
        raise PermissionDenied("Sign-up is closed. Ask the administrator of this site for an account.")
    form = SignupForm(request.POST or None)
    if form.is_valid():
        login(request, form.save(), backend="config.accounts.backends.UserBackend")
        return redirect(settings.LOGIN_REDIRECT_URL)
    return render(request, "registration/signup.html", {"form": form})


class PasswordResetForm(auth_forms.PasswordResetForm):
    """Django's form, changed to send one email for all accounts of an address, and at most one per hour."""

    def save(  # type: ignore[override]  # Django's has options that its view doesn't use
        self, *, request: HttpRequest, use_https: bool, token_generator: PasswordResetTokenGenerator, **mail: Any
    ) -> None:
        entered = self.cleaned_data["email"]
        accounts = sorted(self.get_users(entered), key=lambda user: user.pk)
        if not accounts or not PasswordResetMail.objects.claim(entered.casefold()):
            return
        # Different spellings may be different mailboxes: each must receive links of its own accounts only.
        address = next((user.email for user in accounts if user.email == entered), accounts[0].email)
        accounts = [user for user in accounts if user.email == address]
        site = get_current_site(request)
        root = f"{'https' if use_https else 'http'}://{site.domain}"
        links = [
            {"username": user.get_username(), "url": root + _reset_path(user, token_generator)} for user in accounts
        ]
        context = {"user": accounts[0], "accounts": links, "site_name": site.name}
        templates = mail["subject_template_name"], mail["email_template_name"]
        self.send_mail(*templates, context, mail["from_email"], address, mail["html_email_template_name"])


def _reset_path(user: User, token_generator: PasswordResetTokenGenerator) -> str:
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return reverse("password_reset_confirm", kwargs={"uidb64": uid, "token": token_generator.make_token(user)})


class PasswordReset(PasswordResetView):
    """Django's view, with the email of this site."""

    form_class = PasswordResetForm
    subject_template_name = "email/password_reset_subject.txt"
    email_template_name = "email/password_reset.txt"
    html_email_template_name = "email/password_reset.html"


class PasswordResetConfirm(PasswordResetConfirmView):
    """Django's view, which also resets the limits: the user has proved to own the account."""

    def form_valid(self, form: "SetPasswordForm[User]") -> HttpResponse:
        reset(username=form.user.get_username())
        return super().form_valid(form)
