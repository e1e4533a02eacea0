"""The static site: pages without a session, generated once by `manage.py distill generate` and served as files.

The dashboard is the counterpart of the server-rendered pages: it lives on another origin and loads everything
from the API, with the visitor's cookies.
"""

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.views.decorators.http import require_safe


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """For browsers that ask here without having been told to, as on pages that aren't ours."""
    return redirect(static("config/icon.svg"))


@login_not_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    return render(request, "site/dashboard.html", {"api": settings.APP_ORIGIN})
