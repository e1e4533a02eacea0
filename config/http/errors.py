"""What people and programs see when something is wrong.

Views raise Django's own exceptions or a Refusal, or return a plain-text answer with an error status. This module
dresses it: under /api/ as an RFC 9457 problem document, whose `detail` is that text; elsewhere as a page that says
what happened and what to do. No view builds an error answer of its own, and none is sent that names a path, a query
or a traceback; one that is our own fault names the request, by the id under which the log tells more.
"""

import errno
import logging
import math
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from http.client import responses

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
from uploads.http.json_api import Refusal
from uploads.storage.directory import StorageUnavailable

API = "/api/"
PLAIN = "text/plain"
"""The whole Content-Type of a refusal; Django's own tracebacks, with DEBUG on, name a charset as well."""

logger = logging.getLogger(__name__)

HELP = {
    400: "The request could not be understood. Check it, and send it again.",
    401: "Log in first.",
    403: "You are not allowed to do this. If you think that you should be, ask whoever runs this site.",
    404: "There is nothing at this address. It may have been deleted, or the link is wrong.",
    405: "This address can't be used in that way.",
    408: "The end of the request was not received in time. Send it again.",
    409: "What this belongs to has been deleted meanwhile, so nothing was saved. Reload the page.",
    410: "This is no longer kept.",
    412: "That has changed since. Load it again.",
    413: "That is more than this site takes at once.",
    415: "This address takes another type of content.",
    416: "The file has no such bytes: ask for a range within its size, or for all of it.",
    429: "That was too often. Wait a little, then try again.",
    500: "Something went wrong on our side. Nothing that you saved is lost. Try again in a minute.",
    503: "This can't be done just now. Try again in a minute.",
    507: "The disk of this site is full, so nothing was saved. Tell whoever runs it.",
}
"""What to say when the code that refused has said nothing."""

RETRY_SOON = {"Retry-After": "10"}

TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""RFC 9110's names where Python's are older."""


class Busy(Exception):
    """This process can't do more of that at the same time; the message is for the client."""


class ErrorAnswers:
    """Dress every error answer that comes out of the views and middleware inside of this one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or response.get("Content-Type") == "application/problem+json":
            return response
        if request.path.startswith(API):
            more = {"request_id": log_context.request_id()} if response.status_code == 500 else {}
            return _keep_headers(response, problem(response.status_code, _said(response) or _hint(request), **more))
        if _is_bare(response) or request.resolver_match is None:
            return _keep_headers(response, page(response.status_code, _said(response)))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return answer_for(request, error)


def refusal(status: int, text: str = "", headers: Mapping[str, str] | None = None) -> HttpResponse:
    """An answer for ErrorAnswers to dress. Without a text it gets the one of HELP."""
    return HttpResponse(text, status=status, content_type=PLAIN, headers=headers)


def unauthorized(text: str) -> HttpResponse:
    """A 401, with the challenge that RFC 9110 §11.6.1 wants with each."""
    return refusal(401, text, {"WWW-Authenticate": "Session"})


# In order: an upload that is too big is a kind of suspicious operation to Django.
STATUS = {
    Http404: 404,
    User.DoesNotExist: 409,  # the user was deleted after this request had begun
    PermissionDenied: 403,
    RequestDataTooBig: 413,
    BadRequest: 400,
    SuspiciousOperation: 400,
    UnreadablePostError: 408,
}
SPEAKING = (PermissionDenied, BadRequest)
"""The exceptions whose text is meant for the person or program that caused them."""


def answer_for(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """The answer to an exception that means "no"; None for any other, which is a bug, and becomes a 500."""
    if isinstance(error, ValidationError) and request.path.startswith(API):
        return problem(422, "Some fields are wrong; see errors.", errors=_by_field(error))
    if isinstance(error, Refusal):
        told = request.path.startswith(API) and error.members
        return problem(error.status, str(error), **error.members) if told else refusal(error.status, str(error))
    if isinstance(error, Busy):
        return refusal(503, str(error), {"Retry-After": "60"})
    if isinstance(error, TooManyJobs):
        return refusal(429, str(error), {"Retry-After": str(error.retry_after)})
    for kind, status in STATUS.items():
        if isinstance(error, kind):
            return refusal(status, str(error) if isinstance(error, SPEAKING) else "")
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        logger.error("no space left: %s", error)
        return refusal(507)
    if isinstance(error, DatabaseError) and (answer := database_errors.status_of(error)):
        status, text = answer
        logger.log(logging.ERROR if status >= 500 else logging.INFO, "the database failed: %s", error)
        return refusal(status, text, RETRY_SOON if status == 503 else None)
    if isinstance(error, StorageUnavailable):
        logger.error("the storage is away: %s", error)
        return refusal(503)
    return None


def answer_or_raise(request: HttpRequest, error: Exception) -> HttpResponse:
    """Return the answer to an exception that a middleware has caught. Raise the exception again if it is a bug."""
    if answer := answer_for(request, error):
        return answer
    raise error


def problem(status: int, detail: str = "", **more: object) -> JsonResponse:
    """An RFC 9457 problem document."""
    document = {
        "type": "about:blank",
        "title": _title(status),
        "status": status,
        "detail": detail or HELP.get(status, ""),
        **more,
    }
    return JsonResponse(document, status=status, content_type="application/problem+json")


def page(status: int, detail: str = "") -> HttpResponse:
    """An error page; it asks neither session nor database, because those may be what is broken."""
    context = {"status": status, "title": _title(status), "detail": detail or HELP.get(status, "")}
    if status == 500:
        context["request_id"] = log_context.request_id()
    return HttpResponse(render_to_string("error.html", context), status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW."""
    if request.path.startswith(API):
        return refusal(403, f"{reason.rstrip('.')}. {_csrf_remedy(request, reason)}")
    return refusal(
        403,
        "This form was too old, or did not come from this site, so nothing was changed. "
        "Go back, reload the page, and send it again.",
    )


def _csrf_remedy(request: HttpRequest, reason: str) -> str:
    """Return what an API client has to change, by the reason that Django gives."""
    if reason in (csrf.REASON_NO_REFERER, csrf.REASON_MALFORMED_REFERER, csrf.REASON_INSECURE_REFERER):
        return f"A request by https needs the header Origin or Referer: send Origin: https://{request.get_host()}."
    if reason.startswith(("Origin checking failed", "Referer checking failed")):
        return "Send requests from the origin of this site, or from one that its setting FRONTEND_ORIGINS names."
    return "Send the csrf_token of /api/session/ as X-CSRFToken."


def locked_out(request: HttpRequest, response: HttpResponse, credentials: dict | None) -> HttpResponse:
    """AXES_LOCKOUT_CALLABLE."""
    until = request.axes_locked_until  # type: ignore[attr-defined]
    return too_many_guesses(until or timezone.now())  # None if a concurrent log-in has emptied the limit meanwhile


def too_many_guesses(locked_until: datetime) -> HttpResponse:
    """A 429 that says how long to wait."""
    minutes = max(1, math.ceil((locked_until - timezone.now()) / timedelta(minutes=1)))
    number, unit = (minutes, "minute") if minutes <= 90 else (math.ceil(minutes / 60), "hour")
    return refusal(
        429,
        f"Too many wrong passwords. Wait {number} {unit}{pluralize(number)} and try again, or reset the password.",
        {"Retry-After": str(minutes * 60)},
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal(400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal(403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refusal(404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer what a view or a middleware has raised: Django calls this while it handles the exception."""
    error = sys.exception()
    return (isinstance(error, Exception) and answer_for(request, error)) or refusal(500)


def _is_bare(response: HttpResponse) -> bool:
    return not response.streaming and (not response.content or response.get("Content-Type") == PLAIN)


def _said(response: HttpResponse) -> str:
    """What the refusing code said."""
    return response.text if response.get("Content-Type") == PLAIN and not response.streaming else ""


def _hint(request: HttpRequest) -> str:
    """What is probably wrong with an API address that leads nowhere."""
    if request.resolver_match is None and is_valid_path(f"{request.path_info}/"):
        return f"There is nothing at this address. With a slash at its end there is: {request.path}/"
    return ""


def _title(status: int) -> str:
    return TITLES.get(status) or responses.get(status, "Error")


def _by_field(error: ValidationError) -> dict[str, list[str]]:
    if hasattr(error, "error_dict"):
        return error.message_dict
    return {"__all__": error.messages}


def _keep_headers(old: HttpResponse, new: HttpResponse) -> HttpResponse:
    """Carry over what the refusing code said in headers: Allow, Retry-After, Vary, and its cookies."""
    for name, value in old.items():
        if name not in ("Content-Type", "Content-Length", "Content-Disposition"):
            new[name] = value
    new["Content-Length"] = str(len(new.content))
    new.cookies = old.cookies
    return new
