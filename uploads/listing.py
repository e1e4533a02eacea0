"""The list of somebody's uploads, newest first, a page at a time, as the pages and the API both show it.

A page is read by one query. One that counted first would lose its last upload to one that comes in between, and a
cursor leads to the same place however many came or went meanwhile.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from uploads.http.json_api import bad_cursor
from uploads.models import Upload, UploadQuerySet


def uploads_of(owner: Any, cursor: str = "") -> UploadQuerySet:
    """All, or those after the upload that the cursor was made of; it need not be there any more.

    Raises BadRequest if the cursor is none.
    """
    uploads = Upload.objects.visible_to(owner).for_list()
    return uploads.older_than(*_place(cursor)) if cursor else uploads


def cursor_of(upload: Upload) -> str:
    """When it was made, and its id."""
    return f"{upload.created_at.isoformat()}_{upload.pk}"


def _place(cursor: str) -> tuple[datetime, UUID]:
    created_at, _, upload_id = cursor.partition("_")
    try:
        place = datetime.fromisoformat(created_at), UUID(upload_id)
        place[0].astimezone(UTC)  # as databases have it
    except (ValueError, OverflowError):
        raise bad_cursor() from None
    if place[0].tzinfo is None:
        raise bad_cursor()
    return place
