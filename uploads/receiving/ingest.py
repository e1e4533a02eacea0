"""Creation of uploads from received files: name, type, stored bytes, row and job. All of it succeeds, or none.

The job processes the file, unless the caller passes another task.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.files import File
from django.core.files.storage import FileSystemStorage, default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from progress.connections import release_connection
from progress.tasks import Task
from uploads import tasks
from uploads.kinds import SNIFFED_BYTES, sniff
from uploads.models import Transfer, Upload
from uploads.receiving import pieces, quota
from uploads.receiving.names import clean_name
from uploads.threads import run_in_thread


def create_upload(owner: User, file: "UploadedFile[bytes]", task: Task = tasks.process, **arguments: Any) -> Upload:
    """Store the file of a form. `task` is called with `upload_id`, `name` and `arguments`.

    Raise QuotaExceeded, and OSError when the disk is full. Then nothing is stored.
    """
    head = file.read(SNIFFED_BYTES)
    file.seek(0)
    upload = Upload(owner=owner, name=clean_name(file.name), size=file.size or 0, content_type=sniff(head))
    stored_name = _stored_name(upload)
    release_connection()  # storing may take long
    try:
        upload.file.save("", file, save=False)
        with transaction.atomic():
            quota.reserve(owner, upload.size)
            record(upload, task, **arguments)
    except BaseException:
        default_storage.delete(stored_name)
        raise
    return upload


def make_upload(transfer: Transfer, path: Path, claim: int) -> Upload:
    """Return an unsaved upload for the file of the transfer at `path`. Its stored name contains the claim."""
    with path.open("rb") as file:
        head = file.read(SNIFFED_BYTES)
    upload = Upload(pk=transfer.pk, owner_id=transfer.owner_id, name=transfer.name, content_type=sniff(head))
    upload.size = path.stat().st_size
    upload.file.name = f"{_stored_name(upload)}-{claim}"
    return upload


@contextmanager
def stored(upload: Upload, path: Path) -> Iterator[None]:
    """Store the file, and delete it again if the block doesn't save the row.

    Storing may take long, so it happens before the transaction. The file at `path` stays. Raise FileNotFoundError if
    there is none.
    """
    name = upload.file.name or ""
    try:
        if isinstance(default_storage, FileSystemStorage):
            run_in_thread(_link_or_copy, path, Path(default_storage.path(name)))
        else:
            with path.open("rb") as file:
                default_storage.save(name, File(file))
        yield
    except BaseException:
        if not Upload.objects.filter(file=name).exists():  # a failed commit may have succeeded in the database
            default_storage.delete(name)
        raise


def record(upload: Upload, task: Task = tasks.process, **arguments: Any) -> None:
    """Save the row and enqueue the job in the current transaction."""
    upload.job = task.enqueue(owner=upload.owner, upload_id=upload.pk, name=upload.name, **arguments)
    upload.save(force_insert=True)


def _stored_name(upload: Upload) -> str:
    return upload.file.field.generate_filename(upload, "")


def _link_or_copy(path: Path, target: Path) -> None:
    """Make a hard link to the file; copy it if the file system can't do that."""
    while True:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, target)
            os.utime(target)  # `uploads_fsck` takes this for the age of the file
        except FileNotFoundError:
            if not path.exists():
                raise
            continue  # a failed attempt has deleted the directory since mkdir
        except OSError:
            pieces.concatenate([(path, path.stat().st_size)], target)
        break
    pieces.sync_directory(target.parent)
    pieces.sync_directory(target.parent.parent)
