"""Limits on one user's to-dos: their number, and the length of their text, which a search reads in full."""

from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Coalesce

from uploads.http.json_api import ApiError


class ListFull(ApiError):
    """The user can't keep that many to-dos, or that much text."""

    def __init__(self, what: str) -> None:
        super().__init__(
            413, f"There is no room for this: one list can have {what}. Delete some to-dos, then try again."
        )


def make_room(todos: QuerySet[Any], number: int, characters: int) -> None:
    """Permanently delete the oldest to-dos in the trash, as far as `number` more to-dos need their room.

    `todos` are all to-dos of one owner.

    Raises ListFull if that is not enough, and then deletes nothing.
    """
    used = todos.aggregate(todos=Count("pk"), characters=Coalesce(Sum("text_length"), 0))
    too_many = _excess(used["todos"] + number, settings.MAX_TODOS)
    too_long = _excess(used["characters"] + characters, settings.MAX_TODO_CHARACTERS)
    doomed = []
    trash = todos.exclude(deleted_at=None).order_by("deleted_at", "pk").values_list("pk", "text_length")
    if too_many > 0 or too_long > 0:
        for pk, length in trash.iterator():
            doomed.append(pk)
            too_many, too_long = too_many - 1, too_long - length
            if too_many <= 0 and too_long <= 0:
                break
    if too_many > 0:
        raise ListFull(f"{settings.MAX_TODOS:,} to-dos")
    if too_long > 0:
        raise ListFull(f"{settings.MAX_TODO_CHARACTERS:,} characters of titles and notes")
    todos.exclude(deleted_at=None).filter(pk__in=doomed).delete()


def _excess(number: int, limit: int) -> int:
    return number - limit if limit else 0
