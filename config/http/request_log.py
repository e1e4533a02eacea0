"""The request log: an id for each request, and a log line and metrics once it has finished.

The id is the proxy's X-Request-ID, or else a new id, and the response returns it. Duration and size of a response are
known when its last byte has been sent, which may be long after the view has returned. So the middleware stores what
Django knows about the request, and a hook of gunicorn calls `log_request` at the end.
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

ENTRY_KEY = "headway.request_log_entry"
"""Key of the entry in the WSGI environment."""

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
"""Request ids that are accepted from a proxy: UUIDs, and those that nginx generates."""

POLLED_VIEWS = ("healthz", "metrics")
"""Views that monitors request every few seconds: only their errors are logged."""


@dataclass(slots=True)
class Entry:
    request_id: str
    path: str
    started_at: float = field(default_factory=time.monotonic)
    view: str = "none"
    user_id: Any = None
    is_stream: bool = False


class RequestLogMiddleware:
    """The outermost middleware, so that every response has a request id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        entry = request.META[ENTRY_KEY] = Entry(_request_id(request), request.path)
        log_context.bind_request_id(entry.request_id)  # not reset here: a stream is written after this method returns
        response = self.get_response(request)
        response["X-Request-ID"] = entry.request_id
        entry.user_id = _user_id(request)
        entry.is_stream = response.get("Content-Type") == "text/event-stream"
        if match := request.resolver_match:
            entry.view = match.view_name
        if entry.is_stream:
            metrics.open_streams.inc()
        return response


def log_request(meta: dict[str, Any], status: int, *, sent: int, received: int) -> None:
    """Log and count a request whose response has been sent, or whose client has disconnected. Sizes are in bytes."""
    entry: Entry | None = meta.get(ENTRY_KEY)
    if entry is None:
        return  # gunicorn itself rejected the request and logged the reason
    method, seconds = meta["REQUEST_METHOD"], time.monotonic() - entry.started_at
    metrics.count(method, entry.view, status, seconds, sent=sent, received=received)
    if entry.is_stream:
        metrics.open_streams.dec()
    if status >= 400 or not (entry.view in POLLED_VIEWS or entry.path.startswith(settings.STATIC_URL)):
        fields = {"method": method, "path": entry.path, "view": entry.view, "status": status, "user_id": entry.user_id}
        logger.info(
            "%s %s %d", method, entry.path, status, extra=fields | {"seconds": round(seconds, 6), "bytes": sent}
        )


def _request_id(request: HttpRequest) -> str:
    given = request.headers.get("X-Request-ID", "")
    return given if REQUEST_ID.fullmatch(given) else uuid4().hex


def _user_id(request: HttpRequest) -> Any:
    """Return the user's id if the view has loaded the user: loading it now could query the database."""
    user = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject):
        user = getattr(request, "_cached_user", None)  # as Django's AuthenticationMiddleware remembers it
    return getattr(user, "pk", None)
