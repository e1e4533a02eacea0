"""Pages of a list, each fetched by one query without a count."""

from typing import TypeVar

from django.core.exceptions import BadRequest
from django.db.models import Model, QuerySet

T = TypeVar("T", bound=Model)


class InvalidCursor(BadRequest):
    """The cursor of the request has not the form of this list's cursors."""

    def __init__(self) -> None:
        super().__init__("The cursor is invalid. Use the one that the previous page links to.")


def fetch_page(queryset: QuerySet[T], size: int) -> tuple[list[T], bool]:
    """Return the first `size` rows, and whether there are more: the query fetches one row more than it returns."""
    rows = list(queryset[: size + 1])
    return rows[:size], len(rows) > size
