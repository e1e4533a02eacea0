"""The settings page. It has several forms; each posts to the page, with its name in the field `section`."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from config.accounts.login_limits import TooManyPasswordAttempts
from config.accounts.settings_forms import AppearanceForm, DeletionForm, EmailForm, ExportForm, NameForm, TimeZoneForm
from config.http.errors import too_many_password_attempts
from config.models import Export
from progress.types import UserRequest
from uploads.receiving import quota

FORMS: dict[str, Any] = {
    "name": NameForm,
    "email": EmailForm,
    "appearance": AppearanceForm,
    "time_zone": TimeZoneForm,
    "export": ExportForm,
    "delete": DeletionForm,
}
"""The forms by the name of their section. Ids of their fields begin with it, because some forms have equal fields."""


@sensitive_post_parameters("current_password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: UserRequest) -> HttpResponse:
    """Show all settings. A POST saves one form and redirects to it, or shows its errors."""
    sent = request.POST.get("section", "")
    forms = {
        name: form(request, request.POST if name == sent else None, auto_id=f"{name}_%s")
        for name, form in FORMS.items()
    }
    try:
        if (form := forms.get(sent)) and form.is_valid():
            return _save(request, sent, form)
    except TooManyPasswordAttempts as error:
        return too_many_password_attempts(error.locked_until)
    context = {
        "forms": forms,
        "usage": quota.usage(request.user),
        "quota_bytes": settings.USER_QUOTA_BYTES,
        "export": Export.objects.filter(owner=request.user).select_related("job").first(),
    }
    return render(request, "registration/settings.html", context)


def _save(request: UserRequest, section: str, form: Any) -> HttpResponse:
    form.save()
    if section == "delete":
        logout(request)
        return redirect("account-deleted")
    if form.saved_message:
        messages.success(request, form.saved_message, extra_tags=section)
    return redirect(f"{reverse('settings')}#{section}")


@login_not_required
@require_safe
def deleted(request: HttpRequest) -> HttpResponse:
    """Confirm the deletion of an account to its former user."""
    return render(request, "registration/account_deleted.html")
