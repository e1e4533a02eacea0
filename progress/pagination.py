"""Pages of lists, each fetched by one query without a count, for the apps' pages and APIs.

A cursor identifies the last row of a page. So rows that are added or deleted between two requests neither shift the
next page nor invalidate the cursor.
"""

from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlencode
from uuid import UUID

from django.core.exceptions import BadRequest
from django.db.models import Model, QuerySet
from django.http import HttpRequest

T = TypeVar("T", bound=Model)


class InvalidCursor(BadRequest):
    """The cursor of the request has not the form of this list's cursors."""

    def __init__(self) -> None:
        super().__init__("The cursor is invalid. Use the one that the previous page links to.")


def fetch_page(queryset: QuerySet[T], size: int) -> tuple[list[T], bool]:
    """Return the first `size` rows, and whether there are more: the query fetches one row more than it returns."""
    rows = list(queryset[: size + 1])
    return rows[:size], len(rows) > size


def next_link(request: HttpRequest, cursor: str) -> str:
    """Return the Link header for the next page: the URL of this request, with this cursor."""
    query = urlencode({**request.GET.dict(), "cursor": cursor})
    return f'<{request.build_absolute_uri(request.path)}?{query}>; rel="next"'


def time_cursor(time: datetime, row_id: UUID) -> str:
    """Return the cursor of a row in a list that is ordered by a time and then by the id."""
    return f"{time.isoformat()}_{row_id}"


def parse_time_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Return the time and the id of the row. Raise InvalidCursor."""
    time_text, _, id_text = cursor.partition("_")
    try:
        time, row_id = datetime.fromisoformat(time_text), UUID(id_text)
        time.astimezone(UTC)  # the database adapter does the same, and would raise OverflowError
    except (ValueError, OverflowError):
        raise InvalidCursor from None
    if time.tzinfo is None:
        raise InvalidCursor
    return time, row_id
