"""The static site: pages that are the same for every visitor.

    /             the landing page, on the app's host
    /guide/       the guide to the API, and below it the other pages of the guide
    /dashboard/   the dashboard, a front end that also has a host of its own
    /404.html /413.html /429.html /50x.html /robots.txt /sitemap.xml

The app serves these pages like others, and `manage.py distill-local` generates identical files. They use neither the
session nor the database. Their Content-Security-Policy is a `meta` element, because it contains the API's origin, which
the server of the files need not know.
"""

from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_safe
from markdown import Markdown

from config.cors.api_headers import REQUEST_HEADERS, RESPONSE_HEADERS
from config.http import errors

MARKDOWN: dict[str, Any] = {
    "extensions": ["def_list", "fenced_code", "tables", "toc"],
    "extension_configs": {"toc": {"toc_depth": "2-2"}},
}


class GuidePage(NamedTuple):
    """A page of the guide. Its text is templates/site/<name>.md; `name` is also the name of its URL."""

    name: str
    path: str
    title: str


GUIDE = [
    GuidePage("guide", "guide/", "Calling the API"),
    GuidePage("architecture", "guide/architecture/", "Architecture"),
    GuidePage("tasks", "guide/tasks/", "Writing tasks"),
    GuidePage("cors", "guide/cors/", "CORS explained"),
    GuidePage("server", "guide/server/", "Running a server"),
]


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """Redirect to the icon, for browsers that request the default path."""
    return redirect(static("config/icon.svg"))


@login_not_required
@require_safe
def landing(request: HttpRequest) -> HttpResponse:
    """Render the landing page. It is served on the app's host only, so its links are relative."""
    return _page(request, "site/landing.html", app="")


@login_not_required
@require_safe
def guide(request: HttpRequest, guide_page: GuidePage) -> HttpResponse:
    """Render a page of the guide. Its Markdown is a template, so that examples contain the addresses of this site."""
    parser = Markdown(**MARKDOWN)
    headers = {"request_headers": REQUEST_HEADERS, "response_headers": RESPONSE_HEADERS}
    text = render_to_string(f"site/{guide_page.name}.md", _addresses() | headers)
    context = {
        "guide": GUIDE,
        "guide_page": guide_page,
        "text": mark_safe(parser.convert(text)),  # noqa: S308  # a template of ours, without input of users
        "contents": parser.toc_tokens,
    }
    return _page(request, "site/guide.html", **context)


@login_not_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    return _page(request, "site/dashboard.html")


@login_not_required
@require_safe
def error(request: HttpRequest, status: int) -> HttpResponse:
    """Render the app's page for this status, for errors that the proxy itself returns."""
    return HttpResponse(errors.error_page(status).content)


@login_not_required
@require_safe
def unreachable(request: HttpRequest) -> HttpResponse:
    """Render the page that the proxy returns if the app doesn't respond."""
    return _page(request, "site/50x.html")


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    return render(request, "site/robots.txt", _addresses(), content_type="text/plain; charset=utf-8")


@login_not_required
@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    return render(request, "site/sitemap.xml", _addresses() | {"guide": GUIDE}, content_type="application/xml")


def _page(request: HttpRequest, template: str, **context: Any) -> HttpResponse:
    return render(request, template, {**_addresses(), "policy": _policy(), **context})


def _addresses() -> dict[str, str]:
    """Return the URLs of the app and its API, and the domain that they share with front ends, or an example."""
    app = settings.APP_ORIGIN
    domain = (settings.SESSION_COOKIE_DOMAIN or "example.com").removeprefix(".")
    return {"app": app, "api": f"{app}/api", "domain": domain}


def _policy() -> str:
    """Return the Content-Security-Policy of all pages, extended by requests to the API and images from it."""
    site = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    sources = {
        **site,
        "connect-src": [*site["default-src"], settings.APP_ORIGIN],
        "img-src": [*site.get("img-src", site["default-src"]), settings.APP_ORIGIN],
    }
    del sources["frame-ancestors"]  # not allowed in a meta element
    return "; ".join(" ".join([name, *allowed]) for name, allowed in sources.items())
