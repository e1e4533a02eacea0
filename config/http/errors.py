"""Error responses: problem documents for the API, pages for people.

Views raise Django's exceptions or an `ApiError`, or return `error_response(status, detail)`. The middleware of this
module renders each of these as an RFC 9457 problem document under /api/, and as an HTML page elsewhere. Views build no
error responses of their own. A response never contains a path of the server, SQL or a traceback; that of an unexpected
exception contains the request id, which identifies its log lines.
"""

import errno
import logging
import math
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http.client import responses
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied, RequestDataTooBig, SuspiciousOperation, ValidationError
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.middleware import csrf
from django.template.defaultfilters import pluralize
from django.template.loader import render_to_string
from django.urls import is_valid_path
from django.utils import timezone

from config import database_errors
from progress import log_context
from progress.tasks import TooManyJobs
from uploads.http.json_api import ApiError
from uploads.storage.directory import StorageUnavailable

API_PREFIX = "/api/"
PLAIN_TEXT = "text/plain"
"""The whole Content-Type of `error_response`. That of Django's traceback pages, with DEBUG, has a charset too."""

logger = logging.getLogger(__name__)

DEFAULT_DETAILS = {
    400: "The server could not understand the request. Check it and send it again.",
    401: "Log in first.",
    403: "You don't have permission to do this. If you think that you should, contact the administrator of this site.",
    404: "There is nothing at this address. It may have been deleted, or the link may be wrong.",
    405: "This address doesn't support the method of the request.",
    408: "The request was not received completely in time. Send it again.",
    409: "The object that this belongs to has been deleted, so nothing was saved. Reload the page.",
    410: "This is no longer available.",
    412: "This has changed since you loaded it. Reload it and try again.",
    413: "The request is larger than this site accepts. Send less at a time, or choose a smaller file.",
    415: "This address doesn't accept this type of content.",
    416: "The file doesn't contain this range of bytes. Request a range within its size, or the whole file.",
    429: "You have sent too many requests. Wait a moment and try again.",
    500: "Something went wrong on the server. Everything that you saved is still there. Try again in a minute.",
    503: "The server can't do this at the moment. Try again in a minute.",
    507: "The disk of this site is full, so nothing was saved. Tell the administrator of this site.",
}
"""Details of errors that were raised without a message."""

RETRY_SOON = {"Retry-After": "10"}

TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""Reason phrases of RFC 9110 that differ from those of Python 3.11."""

PAGE_TITLES = {
    401: "You are logged out",
    403: "Not allowed",
    404: "Page not found",
    413: "Too large",
    500: "Server error",
    507: "Disk full",
}
"""Titles of error pages in place of technical reason phrases, which problem documents keep."""


class ServerBusy(Exception):
    """The process is at a limit of concurrent work. The message is sent to the client."""


class ErrorResponseMiddleware:
    """Render the error responses of views and of inner middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or response.get("Content-Type") == "application/problem+json":
            return response
        status, detail = response.status_code, _detail(response)
        if request.path.startswith(API_PREFIX):
            members = {"request_id": log_context.request_id()} if status == 500 else {}
            return _copy_headers(response, problem_document(status, detail or _missing_slash(request), **members))
        if _is_unrendered(response) or request.resolver_match is None:
            return _copy_headers(response, error_page(status, detail))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return response_for(request, error)


def error_response(status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> HttpResponse:
    """Return an error for ErrorResponseMiddleware to render. Without a detail, it gets that of DEFAULT_DETAILS."""
    return HttpResponse(detail, status=status, content_type=PLAIN_TEXT, headers=headers)


def unauthorized(detail: str) -> HttpResponse:
    """Return a 401 with the challenge that RFC 9110 §11.6.1 requires."""
    return error_response(401, detail, {"WWW-Authenticate": "Session"})


# The order matters: RequestDataTooBig is a subclass of SuspiciousOperation.
STATUS_BY_EXCEPTION = {
    Http404: 404,
    User.DoesNotExist: 409,  # the user was deleted during the request
    PermissionDenied: 403,
    RequestDataTooBig: 413,
    BadRequest: 400,
    SuspiciousOperation: 400,
    UnreadablePostError: 408,
}
WITH_PUBLIC_MESSAGE = (PermissionDenied, BadRequest)
"""Exceptions whose message is written for the client."""


def response_for(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """Return the response to an expected exception. Return None for any other: it is a bug, and becomes a 500."""
    if isinstance(error, ValidationError) and request.path.startswith(API_PREFIX):
        return problem_document(422, "Some fields are invalid; see errors.", errors=_by_field(error))
    if isinstance(error, ApiError):
        status, detail, members = error.status, str(error), request.path.startswith(API_PREFIX) and error.members
        return problem_document(status, detail, **members) if members else error_response(status, detail)
    if isinstance(error, ServerBusy):
        return error_response(503, str(error), {"Retry-After": "60"})
    if isinstance(error, TooManyJobs):
        return error_response(429, str(error), {"Retry-After": str(error.retry_after)})
    for exception, status in STATUS_BY_EXCEPTION.items():
        if isinstance(error, exception):
            return error_response(status, str(error) if isinstance(error, WITH_PUBLIC_MESSAGE) else "")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        logger.error("no space left on the disk: %s", error)
        return error_response(507)
    if isinstance(error, DatabaseError) and (known := database_errors.status_of(error)):
        status, detail = known
        logger.log(logging.ERROR if status >= 500 else logging.INFO, "database error: %s", error)
        return error_response(status, detail, RETRY_SOON if status == 503 else None)
    if isinstance(error, StorageUnavailable):
        logger.error("the storage is unavailable: %s", error)
        return error_response(503)
    return None


def response_or_raise(request: HttpRequest, error: Exception) -> HttpResponse:
    """Return the response to an expected exception that a middleware has caught. Raise any other again."""
    if response := response_for(request, error):
        return response
    raise error


def problem_document(status: int, detail: str = "", **members: object) -> JsonResponse:
    """Return an RFC 9457 problem document with these extension members."""
    document = {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "detail": detail or DEFAULT_DETAILS.get(status, ""),
        **members,
    }
    return JsonResponse(document, status=status, content_type="application/problem+json")


def error_page(status: int, detail: str = "") -> HttpResponse:
    """Return an error page. It uses neither the session nor the database, which may be the cause of the error."""
    title = PAGE_TITLES.get(status) or _title(status)
    context = {"status": status, "title": title, "detail": detail or DEFAULT_DETAILS.get(status, "")}
    if status == 500:
        context["request_id"] = log_context.request_id()
    return HttpResponse(render_to_string("error.html", context), status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Handle a failed CSRF check (CSRF_FAILURE_VIEW)."""
    if request.path.startswith(API_PREFIX):
        return error_response(403, f"{reason.rstrip('.')}. {_csrf_remedy(request, reason)}")
    return error_response(
        403,
        "This form was too old or didn't come from this site, so nothing was changed. "
        "Go back, reload the page, and send it again.",
    )


def _csrf_remedy(request: HttpRequest, reason: str) -> str:
    """Return what an API client has to change, by the reason that Django gives."""
    if reason in (csrf.REASON_NO_REFERER, csrf.REASON_MALFORMED_REFERER, csrf.REASON_INSECURE_REFERER):
        return f"A request over HTTPS needs the header Origin or Referer: send Origin: https://{request.get_host()}."
    if reason.startswith(("Origin checking failed", "Referer checking failed")):
        return "Send requests from the origin of this site, or from one that its setting FRONTEND_ORIGINS names."
    return "Send the csrf_token of /api/session/ as X-CSRFToken."


def locked_out(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """Return the response to a login beyond a limit (AXES_LOCKOUT_CALLABLE)."""
    until = request.axes_locked_until  # type: ignore[attr-defined]
    return too_many_password_attempts(until or timezone.now())  # None if a concurrent login has reset the limit


def too_many_password_attempts(locked_until: datetime) -> HttpResponse:
    """Return a 429 that says how long to wait."""
    minutes = max(1, math.ceil((locked_until - timezone.now()) / timedelta(minutes=1)))
    number, unit = (minutes, "minute") if minutes <= 90 else (math.ceil(minutes / 60), "hour")
    return error_response(
        429,
        f"There were too many attempts with a wrong password. Wait {number} {unit}{pluralize(number)} and try again, "
        "or reset the password.",
        {"Retry-After": str(minutes * 60)},
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_response(404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Return the response to an exception of a view or a middleware. Django calls this while it handles it."""
    error = sys.exception()
    return (isinstance(error, Exception) and response_for(request, error)) or error_response(500)


def _is_unrendered(response: HttpResponse) -> bool:
    return not response.streaming and (not response.content or response.get("Content-Type") == PLAIN_TEXT)


def _detail(response: HttpResponse) -> str:
    """Return the detail that was passed to `error_response`."""
    return response.text if response.get("Content-Type") == PLAIN_TEXT and not response.streaming else ""


def _missing_slash(request: HttpRequest) -> str:
    """Return a detail with the correct URL, if an unknown URL lacks only its trailing slash."""
    if request.resolver_match is None and is_valid_path(f"{request.path_info}/"):
        return f"There is nothing at this address. With a slash at its end there is: {request.path}/"
    return ""


def _title(status: int) -> str:
    return TITLES.get(status) or responses.get(status, "Error")


def _by_field(error: ValidationError) -> dict[str, list[str]]:
    if hasattr(error, "error_dict"):
        return error.message_dict
    return {"__all__": error.messages}


def _copy_headers(source: HttpResponse, target: HttpResponse) -> HttpResponse:
    """Copy the headers that don't describe the body, such as Allow, Retry-After and Vary, and the cookies."""
    for name, value in source.items():
        if name not in ("Content-Type", "Content-Length", "Content-Disposition"):
            target[name] = value
    target["Content-Length"] = str(len(target.content))
    target.cookies = source.cookies
    return target
