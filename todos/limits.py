"""Limits on one user's to-dos: their number, and the length of their text, which a search reads in full."""

from typing import Any

from django.conf import settings
from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from uploads.json_api import Refusal


class ListFull(Refusal):
    """The user can't keep that many to-dos, or that much text."""

    def __init__(self, what: str) -> None:
        super().__init__(
            413, f"There is no room for this: one list can have {what}. Delete some to-dos, then try again."
        )


def make_room(owner: Any, todos: int, characters: int) -> None:
    """Permanently delete the oldest to-dos of the owner's trash that stand in the way of so many more.

    Raises ListFull if that is not enough, and then deletes nothing.
    """
    used = owner.todos.aggregate(todos=Count("pk"), characters=Coalesce(Sum("text_length"), 0))
    too_many = _excess(used["todos"] + todos, settings.MAX_TODOS)
    too_long = _excess(used["characters"] + characters, settings.MAX_TODO_CHARACTERS)
    doomed = []
    trash = owner.todos.in_trash().order_by("deleted_at", "pk").values_list("pk", "text_length")
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
    owner.todos.in_trash().filter(pk__in=doomed).delete()


def _excess(number: int, limit: int) -> int:
    return number - limit if limit else 0
