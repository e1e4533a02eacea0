"""Request bodies, lists and errors of the JSON API."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import BadRequest
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse

from progress.pagination import fetch_page, next_link

T = TypeVar("T", bound=Model)
R = TypeVar("R", bound=HttpRequest)


class ApiError(Exception):
    """An error response with this status. The site turns it into a problem document, which has `members` as well."""

    def __init__(self, status: int, detail: str, **members: object) -> None:
        super().__init__(detail)
        self.status = status
        self.members = members


def read_object(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object in the body. Raise ApiError (415) for another media type, and BadRequest."""
    if request.content_type != "application/json":
        raise ApiError(415, "Send JSON, with Content-Type: application/json.")
    try:
        body = json.loads(request.body)
        json.dumps(body, ensure_ascii=False).encode()  # a lone surrogate is valid in JSON, but not in UTF-8
    except (ValueError, RecursionError):
        raise BadRequest("The body is not JSON in UTF-8.") from None
    if not isinstance(body, dict):
        raise BadRequest('Send an object: {"name": value, …}.')
    return body


def list_response(
    request: R,
    queryset: QuerySet[T],
    page_size: int,
    as_json: Callable[[T, R], dict[str, Any]],
    cursor: Callable[[T], str],
) -> HttpResponse:
    """Return the first page as a JSON array, with a link to the next page, if there is one.

    The link repeats the query of the request, with the cursor of the last row of this page.
    """
    rows, has_next = fetch_page(queryset, page_size)
    response = JsonResponse([as_json(row, request) for row in rows], safe=False)
    if has_next:
        response["Link"] = next_link(request, cursor(rows[-1]))
    return response
