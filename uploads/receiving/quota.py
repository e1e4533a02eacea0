"""The quota of one user: the bytes of files, and the bytes reserved for unfinished transfers."""

from typing import NamedTuple

from django.conf import settings
from django.contrib.auth.models import User

from progress.sizes import size as size_text
from uploads.locks import lock_owner
from uploads.models import Transfer, Upload
from uploads.receiving.limits import UploadRejected


class QuotaExceeded(UploadRejected):
    """The user's quota has no room for the file."""


class Usage(NamedTuple):
    """Bytes that belong to one user. Those of the trash don't count towards the quota."""

    files: int
    unfinished: int
    trash: int

    @property
    def counted(self) -> int:
        return self.files + self.unfinished


def usage(owner: User) -> Usage:
    return Usage(
        files=Upload.objects.visible_to(owner).total_bytes(),
        unfinished=Transfer.objects.visible_to(owner).pending().bytes_reserved(),
        trash=Upload.objects.filter(owner=owner).in_trash().total_bytes(),
    )


def free_bytes(owner: User) -> int | None:
    """Return how many bytes the user may add, or None without a quota. Files in the trash don't count."""
    if not settings.USER_QUOTA_BYTES:
        return None
    return max(0, settings.USER_QUOTA_BYTES - _used(owner))


def check_quota(owner: User, size: int) -> None:
    """Raise QuotaExceeded if the user's quota has no room for `size` more bytes."""
    free = free_bytes(owner)
    if free is not None and size > free:
        raise QuotaExceeded(
            f"There isn't enough space for this file: your files and unfinished uploads use {size_text(_used(owner))} "
            f"of your quota of {size_text(settings.USER_QUOTA_BYTES)}. Delete some of them and try again."
        )


def reserve(owner: User, size: int) -> None:
    """Lock the owner and check the quota in the transaction that adds `size` bytes. Raise QuotaExceeded.

    The oldest files in the trash are permanently deleted if the new file needs their space.
    """
    if not settings.USER_QUOTA_BYTES:
        return
    lock_owner(owner)
    check_quota(owner, size)
    trash = Upload.objects.filter(owner=owner).in_trash()
    for upload in trash.order_by("deleted_at"):
        if _used(owner) + trash.total_bytes() + size <= settings.USER_QUOTA_BYTES:
            break
        upload.delete()


def _used(owner: User) -> int:
    """Return the bytes of the user's files, without the trash, and of the reservations of unfinished transfers."""
    files = Upload.objects.visible_to(owner).total_bytes()
    return files + Transfer.objects.visible_to(owner).pending().bytes_reserved()
