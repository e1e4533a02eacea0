"""Form that asks logged-in users for their password again, against misuse of a stolen session."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.urls import reverse

from config.accounts.login_limits import record_password_attempt
from progress.types import UserRequest

MAX_LENGTH = 4096


class CurrentPasswordForm(forms.Form):
    current_password = forms.CharField(
        strip=False,
        max_length=MAX_LENGTH,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, request: UserRequest, data: QueryDict | None, **options: Any) -> None:
        super().__init__(data, **options)
        self.user = request.user

    def clean_current_password(self) -> str:
        """Raise TooManyPasswordAttempts beyond the limits of login_limits.py."""
        password: str = self.cleaned_data["current_password"]
        failure = record_password_attempt(self.user.get_username(), reverse("settings"))
        if not self.user.check_password(password):
            raise ValidationError("This is not your current password. Try again.", code="incorrect_password")
        failure.delete()
        return password
