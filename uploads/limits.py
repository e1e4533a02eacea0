"""How much may be sent: in one file, by one user, and as far as the disk goes."""

import errno
import shutil
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpResponse

from progress.sizes import size as size_text

ENVELOPE_BYTES = 64 * 1024
"""What a multipart form may need beyond the file in it."""


class Refused(Exception):
    """This user can't keep a file of that size. The text says why, and what to do."""


View = Callable[..., HttpResponse]


def takes_files(view: View) -> View:
    """Let a view be sent a body as large as the largest file; the site refuses larger ones unread."""
    return takes_files_of(settings.MAX_UPLOAD_BYTES)(view)


def takes_files_of(size: int) -> Callable[[View], View]:
    """The same, for a view that takes files of so many bytes at most."""

    def take(view: View) -> View:
        view.max_body_bytes = size + ENVELOPE_BYTES  # type: ignore[attr-defined]
        return view

    return take


def takes_chunked_bodies(view: View) -> View:
    """Let a view receive a body without Content-Length, whose size it limits itself while it reads."""
    view.takes_chunked_bodies = True  # type: ignore[attr-defined]
    return view


def room(owner: Any) -> int | None:
    """How many bytes more this user may keep; None is any number. What is in the trash makes way for them."""
    if not settings.USER_QUOTA_BYTES:
        return None
    return max(0, settings.USER_QUOTA_BYTES - _kept(owner))


def judge(owner: Any, size: int) -> None:
    """Say whether this user may add a file of so many bytes, as things are now. Raises Refused."""
    judge_size(size)
    judge_room(owner, size)


def judge_size(size: int) -> None:
    """Say whether a file may have so many bytes. Raises Refused."""
    if size > settings.MAX_UPLOAD_BYTES:
        raise Refused(f"The file is too large: at most {size_text(settings.MAX_UPLOAD_BYTES)} are taken.")


def judge_room(owner: Any, size: int) -> None:
    """Say whether this user has room for so many bytes more. Raises Refused."""
    free = room(owner)
    if free is not None and size > free:
        raise Refused(
            f"There is no room for it: your files take {size_text(_kept(owner))} of the "
            f"{size_text(settings.USER_QUOTA_BYTES)} that you may keep. Delete some, then send it again."
        )


def reserve(owner: Any, size: int) -> None:
    """Judge the room in the transaction that will take it, and let nobody else take any meanwhile. Raises Refused.

    What is in the trash is deleted for good where it stands in the way.
    """
    if not settings.USER_QUOTA_BYTES:
        return
    hold(owner)
    judge_room(owner, size)
    trash = owner.uploads.in_trash()
    for upload in trash.order_by("deleted_at"):
        if _kept(owner) + trash.bytes_kept() + size <= settings.USER_QUOTA_BYTES:
            break
        upload.delete()


def hold(owner: Any) -> None:
    """Until the end of this transaction nobody else changes what this user's files take."""
    get_user_model().objects.select_for_update(no_key=True).get(pk=owner.pk)


def judge_disk(size: int) -> None:
    """Say whether so many bytes more fit on the disk. Raises OSError (ENOSPC)."""
    if size > shutil.disk_usage(settings.STATE_DIR).free:
        raise OSError(errno.ENOSPC, f"no space left for {size} bytes")


def _kept(owner: Any) -> int:
    """Files that are here, and what is set aside for those on their way."""
    return owner.uploads.visible_to(owner).bytes_kept() + owner.transfers.waiting().bytes_reserved()
