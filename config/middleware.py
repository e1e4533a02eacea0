"""Who may come in, from where, with how much, and by which address: rules that hold for every view."""

from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult

from corsheaders import middleware as cors
from corsheaders.conf import conf
from django.conf import settings
from django.contrib.auth import middleware as auth
from django.contrib.sessions import middleware as sessions
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware import common

from config.errors import API, answer_for, refusal, unauthorized
from progress.connections import release_connection


class CorsMiddleware(cors.CorsMiddleware):
    """django-cors-headers' own, but an origin is compared letter by letter, as browsers and CSRF protection do it."""

    def origin_found_in_white_lists(self, origin: str, url: SplitResult) -> bool:
        return origin in conf.CORS_ALLOWED_ORIGINS or self.regex_domain_match(origin)


class SessionMiddleware(sessions.SessionMiddleware):
    """Django's own, but only logging out deletes the cookie, and not the mere sight of one whose session has ended.

    Such a one is harmless. By the time the answer arrives, the browser may have another in its place: somebody has
    logged in again in the next window, while this one was still asking for news.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        answer = super().process_response(request, response)
        if request.session.is_empty() and not request.session.modified:
            answer.cookies.pop(settings.SESSION_COOKIE_NAME, None)
        return answer


class CommonMiddleware(common.CommonMiddleware):
    """Django's own, but an API address without its final slash is a 404: a redirect would drop the body."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        return not request.path.startswith(API) and super().should_redirect_with_slash(request)


class LoginRequired(auth.LoginRequiredMiddleware):
    """Every view is for people who are logged in, unless it says `login_not_required`.

    What an address can do, which is all that OPTIONS tells, anybody may know.
    """

    def process_view(
        self, request: HttpRequest, view_func: Callable, *args: Any, **kwargs: Any
    ) -> HttpResponseBase | None:
        if not getattr(view_func, "login_required", True) or request.method == "OPTIONS":
            return None  # not even asking who it is: that would need the database
        return super().process_view(request, view_func, *args, **kwargs)

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

    A view that takes more than `DATA_UPLOAD_MAX_MEMORY_SIZE` says so by its attribute `max_body_bytes`.
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
        if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            return refusal(411, "Say how long the body is, by Content-Length.")
        if int(request.META.get("CONTENT_LENGTH") or 0) > limit:
            return refusal(413, f"This address takes at most {limit:,} bytes at once.")
        return self._receive(request) if request.content_type == "multipart/form-data" else None

    def _receive(self, request: HttpRequest) -> HttpResponse | None:
        """Parse the body here, where a full disk or a broken body can still be answered."""
        release_connection()
        try:
            request.POST  # noqa: B018
        except Exception as error:
            if answer := answer_for(request, error):
                return answer
            raise
        return None
