"""The admin site. Each app registers its own models."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.core.exceptions import BadRequest
from django.db import DataError
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from config.accounts.views import AdminLogInForm


class AdminSite(admin.AdminSite):
    site_header = site_title = "Headway"
    login_form = AdminLogInForm

    def admin_view(  # type: ignore[override]  # django-stubs says that it returns the view unchanged
        self, view: Callable[..., HttpResponseBase], cacheable: bool = False
    ) -> Callable[..., HttpResponseBase]:
        """Respond with 400 to a filter or a search with a value that no database can store."""

        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            values = [*kwargs.values(), *(value for _, items in request.GET.lists() for value in items)]
            if any("\0" in str(value) for value in values):
                raise BadRequest("Null characters are not allowed.")
            try:
                return view(request, *args, **kwargs)
            except (OverflowError, DataError):
                raise BadRequest("A number or a date in this address is out of range.") from None

        return super().admin_view(checked, cacheable)
