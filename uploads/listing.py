"""The list of a user's uploads, sorted and filtered by name, for the pages and the API.

A cursor identifies the last upload of a page by its id and the value by which the list is sorted. So uploads that are
added or deleted between two requests don't shift the next page.
"""

import re
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest
from django.db.models import Q

from progress.pagination import InvalidCursor, parse_time_cursor, time_cursor
from uploads.models import Upload, UploadQuerySet

MAX_SEARCH_LENGTH = 200


@dataclass(frozen=True)
class Order:
    """A sort order: by one column, and by the id among equal values."""

    label: str
    column: str
    is_descending: bool = False

    def sort(self, uploads: UploadQuerySet) -> UploadQuerySet:
        sign = "-" if self.is_descending else ""
        return uploads.order_by(f"{sign}{self.column}", f"{sign}id")

    def after(self, uploads: UploadQuerySet, cursor: str) -> UploadQuerySet:
        """Return the uploads after the cursor. Raise InvalidCursor."""
        value, upload_id = _parse(self.column, cursor)
        beyond = "lt" if self.is_descending else "gt"
        is_later = Q(**{f"{self.column}__{beyond}": value}) | Q(**{self.column: value, f"id__{beyond}": upload_id})
        return uploads.filter(is_later, **{f"{self.column}__{beyond}e": value})  # a range for the index

    def cursor_of(self, upload: Upload) -> str:
        match self.column:
            case "created_at":
                return time_cursor(upload.created_at, upload.pk)
            case "size":
                return f"{upload.size}_{upload.pk}"
        return f"{urlsafe_b64encode(upload.name_folded.encode()).decode()}_{upload.pk}"


ORDERS = {
    "newest": Order("Newest first", "created_at", is_descending=True),
    "oldest": Order("Oldest first", "created_at"),
    "name": Order("Name", "name_folded"),
    "size": Order("Largest first", "size", is_descending=True),
}
INVALID_LIST = f"Use ?sort=newest, oldest, name or size, and a ?q= of at most {MAX_SEARCH_LENGTH} characters."


class ListForm(forms.Form):
    """Validates the query parameters of a list."""

    sort = forms.TypedChoiceField(
        choices=[(name, order.label) for name, order in ORDERS.items()], required=False, empty_value="newest"
    )
    q = forms.CharField(max_length=MAX_SEARCH_LENGTH, required=False)


@dataclass(frozen=True)
class FileList:
    owner: User
    sort: str = "newest"
    q: str = ""

    @classmethod
    def of(cls, owner: User, parameters: Mapping[str, Any], *, strict: bool = False) -> Self:
        """Return the list that these query parameters name.

        Invalid parameters are ignored, or raise BadRequest if `strict`.
        """
        form = ListForm(parameters)
        if not form.is_valid() and strict:
            raise BadRequest(INVALID_LIST)
        return cls(owner, form.cleaned_data.get("sort", "newest"), form.cleaned_data.get("q", ""))

    @property
    def order(self) -> Order:
        return ORDERS[self.sort]

    @property
    def all_uploads(self) -> UploadQuerySet:
        return Upload.objects.visible_to(self.owner)

    @property
    def uploads(self) -> UploadQuerySet:
        """The uploads on all pages, sorted."""
        return self.order.sort(self.all_uploads.search(self.q).for_list())

    def __contains__(self, upload: Upload) -> bool:
        """Return whether the name of one of the owner's uploads matches the search."""
        return self.all_uploads.search(self.q).filter(pk=upload.pk).exists()

    def after(self, cursor: str) -> UploadQuerySet:
        """Return all uploads of the list, or those after the cursor. Raise InvalidCursor."""
        return self.order.after(self.uploads, cursor) if cursor else self.uploads

    def cursor_of(self, upload: Upload) -> str:
        return self.order.cursor_of(upload)

    @property
    def parameters(self) -> dict[str, str]:
        """The query parameters of the list that differ from the defaults."""
        values = {"q": self.q, "sort": "" if self.sort == "newest" else self.sort}
        return {name: value for name, value in values.items() if value}


def _parse(column: str, cursor: str) -> tuple[Any, UUID]:
    if column == "created_at":
        return parse_time_cursor(cursor)
    text, _, id_text = cursor.rpartition("_")
    try:
        return _parse_size(text) if column == "size" else _parse_name(text), UUID(id_text)
    except ValueError:
        raise InvalidCursor from None


def _parse_size(text: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", text):
        raise ValueError(text)
    return int(text)


def _parse_name(text: str) -> str:
    """Raise ValueError, also for NUL characters, which PostgreSQL rejects."""
    name = b64decode(text.encode("ascii"), altchars=b"-_", validate=True).decode()
    if "\0" in name:
        raise ValueError(name)
    return name
