"""Limits on the to-dos of a user: their number, and the length of their text, which a search reads in full."""

from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce

from uploads.http.json_api import ApiError


class ListFull(ApiError):
    """The list of the user would exceed a limit."""

    def __init__(self, limit: str) -> None:
        super().__init__(413, f"Your list would exceed its limit of {limit}. Delete some to-dos, then try again.")


def make_room(todos: QuerySet[Any], number: int, characters: int) -> None:
    """Permanently delete the oldest to-dos in the trash, until `number` more to-dos with this much text are allowed.

    `todos` are all to-dos of one owner. Raise ListFull if emptying the trash is not enough, and then deletes nothing.
    """
    used = todos.aggregate(todos=Count("pk"), characters=Coalesce(Sum("text_length"), 0))
    too_many = _excess(used["todos"] + number, settings.MAX_TODOS)
    too_long = _excess(used["characters"] + characters, settings.MAX_TODO_CHARACTERS)
    ids = []
    trash = todos.exclude(deleted_at=None).order_by("deleted_at", "pk").values_list("pk", "text_length")
    if too_many > 0 or too_long > 0:
        for pk, length in trash.iterator():
            ids.append(pk)
            too_many, too_long = too_many - 1, too_long - length
            if too_many <= 0 and too_long <= 0:
                break
    if too_many > 0:
        raise ListFull(f"{settings.MAX_TODOS:,} to-dos")
    if too_long > 0:
        raise ListFull(f"{settings.MAX_TODO_CHARACTERS:,} characters of titles and notes")
    todos.exclude(deleted_at=None).filter(pk__in=ids).delete()


def _excess(number: int, limit: int) -> int:
    return number - limit if limit else 0
