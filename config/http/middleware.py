"""Middleware that restricts requests to every view: by charset, address, origin, user and size of the body."""

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult

from corsheaders import middleware as cors
from corsheaders.conf import conf
from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.sessions import middleware as sessions
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.http.response import HttpResponseBase
from django.middleware import common, csrf
from django.utils.http import parse_header_parameters

from config.http.errors import API_PREFIX, error_response, response_or_raise, unauthorized
from progress.connections import release_connection
from uploads.receiving import body

View = Callable[..., HttpResponseBase]

UTF8 = ("utf-8", "utf8")
CHARSET_PARAMETER = re.compile(r"""; *charset *= *["']?([^;"']*)""", re.IGNORECASE)


class CorsMiddleware(cors.CorsMiddleware):
    """django-cors-headers' middleware, changed to compare origins exactly, as browsers and CSRF protection do."""

    def origin_found_in_white_lists(self, origin: str, url: SplitResult) -> bool:
        return origin in conf.CORS_ALLOWED_ORIGINS or self.regex_domain_match(origin)


class CharsetMiddleware:
    """Reject a request that declares a charset other than UTF-8.

    Django decodes the query and the body with any Python codec that the request names. Some codecs take minutes for a
    megabyte, and some yield text that can't be stored in a database or sent in a response.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if declares_only_utf8(request.META.get("CONTENT_TYPE", "")):
            return self.get_response(request)
        return error_response(415, "Send text in UTF-8: leave the charset out of Content-Type, or write charset=utf-8.")


def declares_only_utf8(content_type: str) -> bool:
    """Return whether all charset parameters of a Content-Type, including encoded ones (RFC 2231), are UTF-8."""
    try:
        _, parameters = parse_header_parameters(content_type)
    except ValueError:  # a parameter that is encoded with an unknown charset
        return False
    declared = CHARSET_PARAMETER.findall(content_type)
    return parameters.get("charset", "utf-8").lower() in UTF8 and all(value.lower() in UTF8 for value in declared)


class SessionMiddleware(sessions.SessionMiddleware):
    """Django's middleware, changed to delete the session cookie only on log-out, not when its session has ended.

    The browser may have received a new session cookie before this response arrives, if the user has logged in again in
    another window. Deleting it would log the user out.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            result = super().process_response(request, response)
        except DatabaseError as error:
            return response_or_raise(request, error)
        if request.session.is_empty() and not request.session.modified:
            result.cookies.pop(settings.SESSION_COOKIE_NAME, None)
        return result


class CommonMiddleware(common.CommonMiddleware):
    """Django's middleware, without adding a trailing slash to API URLs: redirects would drop the body."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return not request.path.startswith(API_PREFIX) and super().should_redirect_with_slash(request)


class PageCsrfMiddleware(csrf.CsrfViewMiddleware):
    """Django's middleware, changed to trust only the origin of the requested host."""

    allowed_origins_exact: set[str] = set()
    allowed_origin_subdomains: defaultdict[str, list[str]] = defaultdict(list)
    csrf_trusted_origins_hosts: list[str] = []


class CsrfMiddleware(csrf.CsrfViewMiddleware):
    """Django's middleware, changed to apply CSRF_TRUSTED_ORIGINS to the API only.

    A front end on another origin must not submit the forms of the account pages and of the admin.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self._pages = PageCsrfMiddleware(get_response)

    def process_view(
        self, request: HttpRequest, callback: View, callback_args: Any, callback_kwargs: Any
    ) -> HttpResponseForbidden | None:
        if request.path.startswith(API_PREFIX):
            return super().process_view(request, callback, callback_args, callback_kwargs)
        return self._pages.process_view(request, callback, callback_args, callback_kwargs)


class LoginRequiredMiddleware(auth.LoginRequiredMiddleware):
    """Require a logged-in user for all views except those that are marked with `login_not_required`.

    OPTIONS requests need no user: their responses name only the methods of an address.
    """

    def process_view(self, request: HttpRequest, view_func: View, *args: Any, **kwargs: Any) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True) or request.method == "OPTIONS":
            return None  # without evaluating request.user, which would query the database
        try:
            return super().process_view(request, view_func, *args, **kwargs)
        except DatabaseError as error:  # the session and the user are loaded here
            return response_or_raise(request, error)

    def handle_no_permission(  # type: ignore[override]  # Django's always redirects
        self, request: HttpRequest, view_func: View
    ) -> HttpResponse:
        if request.htmx:  # type: ignore[attr-defined]
            return unauthorized("You are no longer logged in.")
        if not request.path.startswith(API_PREFIX):
            return super().handle_no_permission(request, view_func)
        return unauthorized("Log in first: POST your username and password to /api/session/, or use the login page.")


def client_address(request: HttpRequest) -> str:
    """Return the client's IP address: in production, the last of X-Forwarded-For, which the proxy adds."""
    forwarded = "" if settings.DEBUG else request.headers.get("X-Forwarded-For", "")
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR") or "127.0.0.1"  # a Unix socket


class BodyLimitMiddleware:
    """Reject a body that is larger than its view accepts, before reading it. Delete the files of incomplete bodies.

    The limit is the view's attribute `max_body_bytes`, or else `DATA_UPLOAD_MAX_MEMORY_SIZE`. A view that accepts
    chunked bodies, and limits their size while it reads them, has the attribute `accepts_chunked_bodies`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            if request.content_type == "multipart/form-data":
                for handler in request.upload_handlers:  # Django doesn't call this if the body is incomplete
                    handler.upload_interrupted()

    def process_view(self, request: HttpRequest, view: View, args: Any, kwargs: Any) -> HttpResponse | None:
        limit = getattr(view, "max_body_bytes", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        if body.is_chunked(request) and not getattr(view, "accepts_chunked_bodies", False):
            return error_response(411, "Send the length of the body as Content-Length.")
        if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
            return error_response(413, f"This address accepts at most {limit:,} bytes in a request.")
        if request.content_type == "multipart/form-data":
            release_connection()
            return self._receive(request)
        return None if hasattr(view, "max_body_bytes") else self._receive(request)

    def _receive(self, request: HttpRequest) -> HttpResponse | None:
        """Read the body here, where a full disk or an incomplete or stalled body can still get an error response."""
        try:
            with body.socket_timeout(request, body.STALL_SECONDS):
                request.POST if request.content_type == "multipart/form-data" else request.body  # noqa: B018
        except Exception as error:  # noqa: BLE001 (unexpected exceptions are raised again)
            return response_or_raise(request, error)
        return None
