"""The list of a user's uploads, newest first, for the pages and the API.

A cursor names the last upload of a page by its creation time and id. So uploads that are added or deleted between
two requests neither shift the next page nor invalidate the cursor.
"""

from datetime import UTC, datetime
from uuid import UUID

from django.contrib.auth.models import User

from uploads.http.pagination import InvalidCursor
from uploads.models import Upload, UploadQuerySet


def list_uploads(owner: User, cursor: str = "") -> UploadQuerySet:
    """Return all uploads, or those after the cursor. Raise InvalidCursor."""
    uploads = Upload.objects.visible_to(owner).for_list()
    return uploads.older_than(*_parse(cursor)) if cursor else uploads


def cursor_of(upload: Upload) -> str:
    return f"{upload.created_at.isoformat()}_{upload.pk}"


def _parse(cursor: str) -> tuple[datetime, UUID]:
    created_text, _, id_text = cursor.partition("_")
    try:
        created_at, upload_id = datetime.fromisoformat(created_text), UUID(id_text)
        created_at.astimezone(UTC)  # the database adapter does the same, and would raise OverflowError
    except (ValueError, OverflowError):
        raise InvalidCursor from None
    if created_at.tzinfo is None:
        raise InvalidCursor
    return created_at, upload_id
