"""Limits on the size of one file and one request body, and on the space on the disk."""

import errno
import shutil
from collections.abc import Callable

from django.conf import settings
from django.http import HttpResponse

from progress.sizes import size as size_text

ENVELOPE_BYTES = 64 * 1024
"""The part of a multipart form that isn't the file."""

View = Callable[..., HttpResponse]


class UploadRejected(Exception):
    """The user can't add this file. The message says why, and what to do."""


class UploadTooLarge(UploadRejected):
    """The file is larger than MAX_UPLOAD_BYTES."""


def accepts_files(view: View) -> View:
    """Let a view receive request bodies of up to MAX_UPLOAD_BYTES; the site rejects larger ones unread."""
    return accepts_files_up_to(settings.MAX_UPLOAD_BYTES)(view)


def accepts_files_up_to(size: int) -> Callable[[View], View]:
    """Let a view receive files of up to `size` bytes."""

    def accept(view: View) -> View:
        view.max_body_bytes = size + ENVELOPE_BYTES  # type: ignore[attr-defined]
        return view

    return accept


def accepts_chunked_bodies(view: View) -> View:
    """Let a view receive a body without Content-Length, whose size the view limits itself while it reads."""
    view.accepts_chunked_bodies = True  # type: ignore[attr-defined]
    return view


def check_size(size: int) -> None:
    """Raise UploadTooLarge if a file may not have `size` bytes."""
    if size > settings.MAX_UPLOAD_BYTES:
        limit = size_text(settings.MAX_UPLOAD_BYTES)
        raise UploadTooLarge(f"This file is larger than {limit}, the limit on this server. Choose a smaller file.")


def check_disk(size: int) -> None:
    """Raise OSError (ENOSPC) if the disk has no space for `size` more bytes."""
    if size > shutil.disk_usage(settings.STATE_DIR).free:
        raise OSError(errno.ENOSPC, f"no space left for {size} bytes")
