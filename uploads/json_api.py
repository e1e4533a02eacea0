"""What the JSON API has in common, whatever it is about: bodies that are read, lists that are paged, refusals."""

import json
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse


class Refusal(Exception):
    """A "no" with this status; the site dresses it as a problem document that has the members too."""

    def __init__(self, status: int, detail: str, **members: object) -> None:
        super().__init__(detail)
        self.status = status
        self.members = members


def read_object(request: HttpRequest) -> dict[str, Any]:
    """The JSON object in the body. Raises Refusal when it is of another type, BadRequest when it is no such object."""
    if request.content_type != "application/json":
        raise Refusal(415, "Send JSON, with Content-Type: application/json.")
    try:
        given = json.loads(request.body)
        json.dumps(given, ensure_ascii=False).encode()  # half a surrogate pair is JSON, and no text
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON in UTF-8.") from None
    if not isinstance(given, dict):
        raise BadRequest('Send an object: {"name": value, …}.')
    return given


def link_next(response: HttpResponse, request: HttpRequest, cursor: str) -> None:
    """Say where the list goes on: the same question, from that place."""
    query = urlencode({**request.GET.dict(), "cursor": cursor})
    response["Link"] = f'<{request.build_absolute_uri(request.path)}?{query}>; rel="next"'


def bad_cursor() -> BadRequest:
    return BadRequest("The cursor is not one that this list gave out.")
