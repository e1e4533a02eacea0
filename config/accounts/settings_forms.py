"""Forms of the settings page. Each has the message that is shown next to it after it has been saved."""

from itertools import groupby
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import QueryDict

from config.accounts.current_password import CurrentPasswordForm
from config.accounts.deletion import delete_users, is_last_superuser
from config.accounts.email_change import change_email
from config.accounts.export.tasks import start
from config.accounts.preferences import preferences_of
from config.accounts.time_zone import detected_name, names
from config.models import Preferences
from progress.tasks import check_queue_limit
from progress.types import UserRequest
from uploads.visible import is_visible

if TYPE_CHECKING:
    UserForm = forms.ModelForm[User]
    PreferencesModelForm = forms.ModelForm[Preferences]
else:
    UserForm = PreferencesModelForm = forms.ModelForm  # has no type parameters at run time

AREAS = {
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"),
}
"""First parts of the names of time zones that users can choose from. The other names are old ones, or have no city."""


class NameForm(UserForm):
    """The name shown, stored as Django's first name: `user.get_short_name` returns it."""

    saved_message = "Name saved."

    class Meta:
        model = User
        fields = ("first_name",)
        labels = {"first_name": "Name"}
        help_texts = {"first_name": "Shown instead of your username. Only you see it."}

    def __init__(self, request: UserRequest, data: QueryDict | None, **options: Any) -> None:
        super().__init__(data, instance=User.objects.get(pk=request.user.pk), **options)
        self.fields["first_name"].widget.attrs["autocomplete"] = "name"

    def clean_first_name(self) -> str:
        name: str = self.cleaned_data["first_name"]
        if name and not is_visible(name):
            raise ValidationError("Enter a name with at least one visible character, or leave it empty.")
        return name

    def save(self, commit: bool = True) -> User:
        User.objects.filter(pk=self.instance.pk).update(first_name=self.cleaned_data["first_name"])
        return self.instance


class PreferencesForm(PreferencesModelForm):
    """A part of the preferences. Other parts may be saved concurrently, on another page."""

    def __init__(self, request: UserRequest, data: QueryDict | None, **options: Any) -> None:
        super().__init__(data, instance=preferences_of(request.user), **options)

    def save(self, commit: bool = True) -> Preferences:
        saved, _ = Preferences.objects.update_or_create(user_id=self.instance.user_id, defaults=self.cleaned_data)
        return saved


class AppearanceForm(PreferencesForm):
    saved_message = "Appearance and keyboard saved."

    class Meta:
        model = Preferences
        fields = ("theme", "shortcuts")
        widgets = {"theme": forms.RadioSelect(attrs={"class": "segmented"})}
        help_texts = {"shortcuts": "Single keys, such as n for a new to-do. Press ? on a page to see them all."}


class TimeZoneForm(PreferencesForm):
    saved_message = "Time zone saved."
    time_zone = forms.ChoiceField(
        label="Your time zone", required=False, help_text="It decides which to-dos are due today."
    )

    class Meta:
        model = Preferences
        fields = ("time_zone",)

    def __init__(self, request: UserRequest, data: QueryDict | None, **options: Any) -> None:
        super().__init__(request, data, **options)
        detected = detected_name(request)
        label = f"Detected: {detected}" if detected else "Detected by your browser"
        self.fields["time_zone"].choices = [("", label), *_time_zones()]  # type: ignore[attr-defined]


class EmailForm(CurrentPasswordForm):
    saved_message = "Email address saved."
    email = User._meta.get_field("email").formfield(
        label="Email",
        help_text="Optional. Used only to reset your password.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    field_order = ("email", "current_password")

    def __init__(self, request: UserRequest, data: QueryDict | None, **options: Any) -> None:
        super().__init__(request, data, initial={"email": request.user.email}, **options)
        self._request = request

    def save(self) -> None:
        change_email(self._request, self.user, self.cleaned_data["email"])


class ExportForm(forms.Form):
    """A form without fields: its button starts the export."""

    saved_message = ""
    """Empty, because a progress bar takes the place of the form."""

    def __init__(self, request: UserRequest, data: QueryDict | None, **options: Any) -> None:
        super().__init__(data, **options)
        self._user = request.user

    def save(self) -> None:
        """Raise TooManyJobs."""
        check_queue_limit(self._user)
        start(self._user)


class DeletionForm(CurrentPasswordForm):
    def clean(self) -> None:
        if is_last_superuser(self.user):
            raise ValidationError(
                "You are the only administrator of this site. Make another user an administrator first, in the admin.",
                code="last_superuser",
            )

    def save(self) -> None:
        delete_users(User.objects.filter(pk=self.user.pk))


def _time_zones() -> list[tuple[str, Any]]:
    """Return the choices, grouped by area."""
    places = sorted(name.split("/", 1) for name in names() if name.partition("/")[0] in AREAS)
    areas = groupby(places, key=lambda place: place[0])
    choices = [(area, [(f"{area}/{city}", city.replace("_", " ")) for _, city in cities]) for area, cities in areas]
    return [*choices, ("UTC", "UTC")]
