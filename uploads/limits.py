"""How much may be sent: in one file, and by one user."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.template.defaultfilters import filesizeformat

ENVELOPE_BYTES = 64 * 1024
"""What a multipart form may need beyond the file in it."""


def takes_files(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let a view be sent a body as large as the largest file; the site refuses larger ones unread."""
    view.max_body_bytes = settings.MAX_UPLOAD_BYTES + ENVELOPE_BYTES  # type: ignore[attr-defined]
    return view


def too_large(owner: Any, size: int) -> str:
    """Why this user can't keep a file of so many bytes more, and what to do; empty if they can."""
    if size > settings.MAX_UPLOAD_BYTES:
        return f"The file is too large: at most {_human(settings.MAX_UPLOAD_BYTES)} are taken."
    quota = settings.USER_QUOTA_BYTES
    if quota and (kept := owner.uploads.bytes_kept()) + size > quota:
        return (
            f"There is no room for it: your files take {_human(kept)} of the {_human(quota)} that you may keep. "
            "Delete some, then send it again."
        )
    return ""


def _human(size: int) -> str:
    return filesizeformat(size)
