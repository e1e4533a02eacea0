"""Who may come in, from where, with how much, and by which address: rules that hold for every view."""

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

from config.http.errors import API, answer_or_raise, refusal, unauthorized
from progress.connections import release_connection
from uploads.receiving import body

UTF8 = ("utf-8", "utf8")
CHARSET_PARAMETER = re.compile(r"""; *charset *= *["']?([^;"']*)""", re.IGNORECASE)


class CorsMiddleware(cors.CorsMiddleware):
    """django-cors-headers' own, but an origin is compared letter by letter, as browsers and CSRF protection do it."""

    def origin_found_in_white_lists(self, origin: str, url: SplitResult) -> bool:
        return origin in conf.CORS_ALLOWED_ORIGINS or self.regex_domain_match(origin)


class Utf8Only:
    """Refuse a request that declares another charset than UTF-8.

    Django would decode the query and the body with any codec of Python's that the request names. Some take minutes for
    a megabyte, and some yield text that neither a database nor a response can hold.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if declares_only_utf8(request.META.get("CONTENT_TYPE", "")):
            return self.get_response(request)
        return refusal(415, "Send text in UTF-8: leave the charset out of Content-Type, or write charset=utf-8.")


def declares_only_utf8(content_type: str) -> bool:
    """Return whether each charset parameter of a Content-Type, also one that is encoded (RFC 2231), is UTF-8."""
    try:
        _, parameters = parse_header_parameters(content_type)
    except ValueError:  # a parameter that is encoded with an unknown charset
        return False
    declared = CHARSET_PARAMETER.findall(content_type)
    return parameters.get("charset", "utf-8").lower() in UTF8 and all(value.lower() in UTF8 for value in declared)


class SessionMiddleware(sessions.SessionMiddleware):
    """Django's own, but only logging out deletes the cookie, and not the mere sight of one whose session has ended.

    Such a one is harmless. By the time the answer arrives, the browser may have another in its place: somebody has
    logged in again in the next window, while this one was still asking for news.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        try:
            answer = super().process_response(request, response)
        except DatabaseError as error:
            return answer_or_raise(request, error)
        if request.session.is_empty() and not request.session.modified:
            answer.cookies.pop(settings.SESSION_COOKIE_NAME, None)
        return answer


class CommonMiddleware(common.CommonMiddleware):
    """Django's own, but an API address without its final slash is a 404: a redirect would drop the body."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return not request.path.startswith(API) and super().should_redirect_with_slash(request)


class PageCsrfMiddleware(csrf.CsrfViewMiddleware):
    """Django's own, but the only trusted origin is the host that the request is for."""

    allowed_origins_exact: set[str] = set()
    allowed_origin_subdomains: defaultdict[str, list[str]] = defaultdict(list)
    csrf_trusted_origins_hosts: list[str] = []


class CsrfMiddleware(csrf.CsrfViewMiddleware):
    """Django's own, but CSRF_TRUSTED_ORIGINS applies to the API alone.

    A front end on another origin has no business with forms of the account pages and of the admin.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self._pages = PageCsrfMiddleware(get_response)

    def process_view(
        self, request: HttpRequest, callback: Callable, callback_args: Any, callback_kwargs: Any
    ) -> HttpResponseForbidden | None:
        if request.path.startswith(API):
            return super().process_view(request, callback, callback_args, callback_kwargs)
        return self._pages.process_view(request, callback, callback_args, callback_kwargs)


class LoginRequired(auth.LoginRequiredMiddleware):
    """Every view is for people who are logged in, unless it says `login_not_required`.

    What an address can do, which is all that OPTIONS tells, anybody may know.
    """

    def process_view(
        self, request: HttpRequest, view_func: Callable, *args: Any, **kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True) or request.method == "OPTIONS":
            return None  # not even asking who it is: that would need the database
        try:
            return super().process_view(request, view_func, *args, **kwargs)
        except DatabaseError as error:  # of the session or the user, which are loaded here
            return answer_or_raise(request, error)

    def handle_no_permission(  # type: ignore[override]  # Django has it always redirect
        self, request: HttpRequest, view_func: Callable
    ) -> HttpResponse:
        if request.htmx:  # type: ignore[attr-defined]
            return unauthorized("You are not logged in any more.")
        if not request.path.startswith(API):
            return super().handle_no_permission(request, view_func)
        return unauthorized("Log in first: POST your username and password to /api/session/, or use the log-in page.")


def client_address(request: HttpRequest) -> str:
    """Who is asking: in production the proxy knows, and adds it to X-Forwarded-For as the last one."""
    forwarded = "" if settings.DEBUG else request.headers.get("X-Forwarded-For", "")
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR") or "127.0.0.1"  # a Unix socket


class BodyLimit:
    """Refuse a body that is larger than its view wants, before a byte of it is read; leave no part of one behind.

    A view that takes more than `DATA_UPLOAD_MAX_MEMORY_SIZE` says so by its attribute `max_body_bytes`. One
    that takes a chunked body, and limits it while it reads, has `takes_chunked_bodies`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        finally:
            if request.content_type == "multipart/form-data":
                for handler in request.upload_handlers:  # what a broken body left unfinished, Django forgets
                    handler.upload_interrupted()

    def process_view(self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict) -> HttpResponse | None:
        limit = getattr(view, "max_body_bytes", settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        if body.is_chunked(request) and not getattr(view, "takes_chunked_bodies", False):
            return refusal(411, "Say how long the body is, by Content-Length.")
        if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
            return refusal(413, f"This address takes at most {limit:,} bytes at once.")
        if request.content_type == "multipart/form-data":
            release_connection()
            return self._receive(request)
        return None if hasattr(view, "max_body_bytes") else self._receive(request)

    def _receive(self, request: HttpRequest) -> HttpResponse | None:
        """Read the body here, where a full disk or a broken or stalled body can still be answered."""
        try:
            with body.socket_timeout(request, body.STALL_SECONDS):
                request.POST if request.content_type == "multipart/form-data" else request.body  # noqa: B018
        except Exception as error:  # noqa: BLE001 (what is no answer is raised again)
            return answer_or_raise(request, error)
        return None
