"""Each request gets an id, and when it is over, a line in the log and its share in the metrics.

The id is the proxy's X-Request-ID, or made here; the answer names it, so that who reports an error can. How long an
answer took and how large it was is known when its last byte has been sent, which may be long after Django has made it:
so `Accounting`, a middleware, notes what Django knows of a request, and gunicorn's hook calls `is_over` at its end.
"""

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import SimpleLazyObject

from config.ops import metrics
from progress import log_context

logger = logging.getLogger(__name__)

NOTE = "headway.note"
"""Where in the WSGI environment the note of a request is."""

WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""What is taken as a request id: UUIDs, and what nginx makes."""

ROUTINE = ("healthz", "metrics")
"""Views that machines look at every few seconds: logged only when something is wrong."""


@dataclass(slots=True)
class Note:
    request_id: str
    path: str
    begun_at: float = field(default_factory=time.monotonic)
    view: str = "none"
    user_id: Any = None
    is_stream: bool = False


class Accounting:
    """Stands outside of all other middleware."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        note = request.META[NOTE] = Note(_request_id(request), request.path)
        log_context.request_begins(note.request_id)  # and until the next one: a stream is written after we return
        response = self.get_response(request)
        response["X-Request-ID"] = note.request_id
        note.user_id = _user_id(request)
        note.is_stream = response.get("Content-Type") == "text/event-stream"
        if match := request.resolver_match:
            note.view = match.view_name
        if note.is_stream:
            metrics.open_streams.inc()
        return response


def is_over(meta: dict[str, Any], status: int, *, sent: int, received: int) -> None:
    """Called by the server when the last byte of an answer has been sent, or when nobody wants more of it."""
    note: Note | None = meta.get(NOTE)
    if note is None:
        return  # the server itself refused it, and has said why
    method, seconds = meta["REQUEST_METHOD"], time.monotonic() - note.begun_at
    metrics.count(method, note.view, status, seconds, sent=sent, received=received)
    if note.is_stream:
        metrics.open_streams.dec()
    if status >= 400 or not (note.view in ROUTINE or note.path.startswith(settings.STATIC_URL)):
        what = {"method": method, "path": note.path, "view": note.view, "status": status, "user_id": note.user_id}
        logger.info("%s %s %d", method, note.path, status, extra=what | {"seconds": round(seconds, 6), "bytes": sent})


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "")
    return given if WELL_FORMED.fullmatch(given) else uuid4().hex


def _user_id(request: HttpRequest) -> Any:
    """Of who asks, if the view wanted to know: to find out now could need the database."""
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject):
        user = getattr(request, "_cached_user", None)  # as Django's AuthenticationMiddleware remembers it
    return getattr(user, "pk", None)
