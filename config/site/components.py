"""The page of components: each of them in all states, for developers. In production only staff can open it."""

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from progress.models import Job, State


class ExampleForm(forms.Form):
    """Fields of each kind. The empty ones that are required have an error."""

    name = forms.CharField(help_text="Shown instead of your username.")
    email = forms.EmailField()
    password = forms.CharField(widget=forms.PasswordInput)
    notes = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), required=False)
    time_zone = forms.ChoiceField(choices=[("", "Detected: Europe/Vienna"), ("UTC", "UTC")], required=False)
    theme = forms.ChoiceField(
        choices=[("", "Same as the device"), ("light", "Light"), ("dark", "Dark")],
        widget=forms.RadioSelect,
        required=False,
    )
    shortcuts = forms.BooleanField(label="Keyboard shortcuts", required=False)
    file = forms.FileField(required=False)


@require_safe
def components(request: HttpRequest) -> HttpResponse:
    """Raise Http404 for others than staff, except in development."""
    if not (settings.DEBUG or request.user.is_staff):
        raise Http404
    form = ExampleForm({"name": "Ada", "email": "ada", "shortcuts": True})
    return render(request, "site/components.html", {"form": form, "jobs": _example_jobs()})


def _example_jobs() -> list[Job]:
    """Return jobs in each state. They are not saved."""
    label = "Processing holiday.jpg"
    return [
        Job(label=label, state=State.QUEUED),
        Job(label=label, state=State.RUNNING, stage="Opening the file"),
        Job(label=label, state=State.RUNNING, stage="Making thumbnails", percent=42),
        Job(label=label, state=State.SUCCEEDED, percent=100),
        Job(label=label, state=State.FAILED, percent=42, error_code="worker_lost", error_message="A worker was lost."),
        Job(label=label, state=State.CANCELLED, percent=42),
    ]
