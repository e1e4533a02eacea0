"""What the JSON API has in common, whatever it is about: bodies that are read, lists that are paged, refusals."""

import json
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlencode

from django.core.exceptions import BadRequest
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse

T = TypeVar("T", bound=Model)


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


def page(
    request: HttpRequest,
    found: QuerySet[T],
    size: int,
    as_json: Callable[[T, HttpRequest], dict[str, Any]],
    cursor: Callable[[T], str],
) -> HttpResponse:
    """The first so many of them, and by Link where the list goes on: the same question, from the last one's cursor."""
    shown = list(found[: size + 1])
    response = JsonResponse([as_json(each, request) for each in shown[:size]], safe=False)
    if len(shown) > size:
        query = urlencode({**request.GET.dict(), "cursor": cursor(shown[size - 1])})
        response["Link"] = f'<{request.build_absolute_uri(request.path)}?{query}>; rel="next"'
    return response


def bad_cursor() -> BadRequest:
    return BadRequest("The cursor is not one that this list gave out.")
