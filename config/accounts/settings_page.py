"""The settings page. It has several forms; each posts to the page, with its name in the field `section`."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from config.accounts.settings_forms import AppearanceForm, NameForm, TimeZoneForm
from progress.types import UserRequest
from uploads.receiving import quota

FORMS: dict[str, Any] = {"name": NameForm, "appearance": AppearanceForm, "time_zone": TimeZoneForm}
"""The forms by the name of their section. Ids of their fields begin with it, because some forms have equal fields."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: UserRequest) -> HttpResponse:
    """Show all settings. A POST saves one form and redirects to it, or shows its errors."""
    sent = request.POST.get("section", "")
    forms = {
        name: form(request, request.POST if name == sent else None, auto_id=f"{name}_%s")
        for name, form in FORMS.items()
    }
    if (form := forms.get(sent)) and form.is_valid():
        form.save()
        messages.success(request, form.saved_message)
        return redirect(f"{reverse('settings')}#{sent}")
    context = {"forms": forms, "usage": quota.usage(request.user), "quota_bytes": settings.USER_QUOTA_BYTES}
    return render(request, "registration/settings.html", context)
