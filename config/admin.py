"""The admin site itself. What it shows is registered by each app."""

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

    def admin_view(  # type: ignore[override]  # Django's types say that it returns the view itself
        self, view: Callable[..., HttpResponseBase], cacheable: bool = False
    ) -> Callable[..., HttpResponseBase]:
        """Django's own, but a filter or a search for what no database can hold is a bad request."""

        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            given = [*kwargs.values(), *(value for values in request.GET.lists() for value in values[1])]
            if any("\0" in str(value) for value in given):
                raise BadRequest("Null characters are not allowed.")
            try:
                return view(request, *args, **kwargs)
            except (OverflowError, DataError):
                raise BadRequest("A number or a date in this address is out of range.") from None

        return super().admin_view(checked, cacheable)
