"""The list of a user's uploads, newest first, for the pages and the API. A cursor has the creation time and the id."""

from django.contrib.auth.models import User

from progress.pagination import parse_time_cursor, time_cursor
from uploads.models import Upload, UploadQuerySet


def list_uploads(owner: User, cursor: str = "") -> UploadQuerySet:
    """Return all uploads, or those after the cursor. Raise InvalidCursor."""
    uploads = Upload.objects.visible_to(owner).for_list()
    return uploads.older_than(*parse_time_cursor(cursor)) if cursor else uploads


def cursor_of(upload: Upload) -> str:
    return time_cursor(upload.created_at, upload.pk)
