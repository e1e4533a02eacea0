"""A file has arrived: it is named, sniffed and kept, and its processing enqueued; all of it, or nothing."""

import os
import shutil
from pathlib import Path
from typing import Any

from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from progress.connections import release_connection
from uploads import limits, tasks
from uploads.disk import sync_directory
from uploads.models import Transfer, Upload
from uploads.names import clean_name
from uploads.sniff import BYTES_NEEDED, sniff


def receive(owner: Any, file: UploadedFile) -> Upload:
    """Keep a file that has arrived whole, in a form.

    Raises TooLarge, and OSError when the disk is full; then nothing is kept.
    """
    head = file.read(BYTES_NEEDED)
    file.seek(0)
    upload = Upload(owner=owner, name=clean_name(file.name), size=file.size or 0, content_type=sniff(head))
    path = _path(upload)
    release_connection()  # the storage may be far away
    try:
        upload.file.save("", file, save=False)
        with transaction.atomic():
            limits.reserve(owner, upload.size)
            _record(upload)
    except BaseException:
        default_storage.delete(path)
        raise
    return upload


def make_upload(transfer: Transfer, path: Path) -> Upload:
    """What the file of that transfer, at `path`, will be; not kept yet."""
    with path.open("rb") as file:
        head = file.read(BYTES_NEEDED)
    upload = Upload(pk=transfer.pk, owner_id=transfer.owner_id, name=transfer.name, content_type=sniff(head))
    upload.size = path.stat().st_size
    upload.file.name = _path(upload)
    return upload


def send_to_store(upload: Upload, path: Path) -> None:
    """Send the file to a store that is not this disk: before the transaction, because that may take long."""
    if not isinstance(default_storage, FileSystemStorage):
        with path.open("rb") as file:
            default_storage.save(upload.file.name or "", File(file))


def keep(upload: Upload, path: Path) -> None:
    """Keep it, in the transaction that is open. The file at `path` stays, for the case that it is not committed."""
    if isinstance(default_storage, FileSystemStorage):
        # Not aside: whoever had a turn meanwhile could wait for the lock that this transaction holds, and so for ever.
        _link(path, Path(default_storage.path(upload.file.name or "")))
    _record(upload)


def _path(upload: Upload) -> str:
    return upload.file.field.generate_filename(upload, "")


def _link(path: Path, target: Path) -> None:
    """Give the file a second name, which takes no time; where a disk knows no such names, copy it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    new = target.with_name(f"{target.name}.new")
    new.unlink(missing_ok=True)
    try:
        os.link(path, new)
    except OSError:
        shutil.copyfile(path, new)
    new.replace(target)
    sync_directory(target.parent)
    sync_directory(target.parent.parent)


def _record(upload: Upload) -> None:
    upload.job = tasks.process.enqueue(owner=upload.owner, upload_id=upload.pk, name=upload.name)
    upload.save(force_insert=True)
