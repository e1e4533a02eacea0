"""A file has arrived: it is named, sniffed and kept, and its job enqueued; all of it, or nothing.

The job is the processing of the file, unless whoever keeps it has another use for it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

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


def create_upload(owner: Any, file: UploadedFile, task: Task = tasks.process, **arguments: Any) -> Upload:
    """Keep a file that has arrived whole, in a form. `task` is given its `upload_id` and `name`, and the arguments.

    Raises QuotaExceeded, and OSError when the disk is full; then nothing is kept.
    """
    head = file.read(SNIFFED_BYTES)
    file.seek(0)
    upload = Upload(owner=owner, name=clean_name(file.name), size=file.size or 0, content_type=sniff(head))
    path = _path(upload)
    release_connection()  # the storage may be far away
    try:
        upload.file.save("", file, save=False)
        with transaction.atomic():
            quota.reserve(owner, upload.size)
            record(upload, task, **arguments)
    except BaseException:
        default_storage.delete(path)
        raise
    return upload


def make_upload(transfer: Transfer, path: Path, claim: int) -> Upload:
    """What the file of that transfer, at `path`, will be; not kept yet. Its name in the storage is that claim's own."""
    with path.open("rb") as file:
        head = file.read(SNIFFED_BYTES)
    upload = Upload(pk=transfer.pk, owner_id=transfer.owner_id, name=transfer.name, content_type=sniff(head))
    upload.size = path.stat().st_size
    upload.file.name = f"{_path(upload)}-{claim}"
    return upload


@contextmanager
def stored(upload: Upload, path: Path) -> Iterator[None]:
    """Put the file into the storage; if no row comes to it in this block, take it away again.

    That may take long, and is done before the transaction. The file at `path` stays. Raises FileNotFoundError if it
    isn't there.
    """
    name = upload.file.name or ""
    try:
        if isinstance(default_storage, FileSystemStorage):
            run_in_thread(_place, path, Path(default_storage.path(name)))
        else:
            with path.open("rb") as file:
                default_storage.save(name, File(file))
        yield
    except BaseException:
        if not Upload.objects.filter(file=name).exists():  # or else only the answer to the commit was lost
            default_storage.delete(name)
        raise


def record(upload: Upload, task: Task = tasks.process, **arguments: Any) -> None:
    """Its row and its job, in the transaction that is open."""
    upload.job = task.enqueue(owner=upload.owner, upload_id=upload.pk, name=upload.name, **arguments)
    upload.save(force_insert=True)


def _path(upload: Upload) -> str:
    return upload.file.field.generate_filename(upload, "")


def _place(path: Path, target: Path) -> None:
    """Give the file a second name, which takes no time; to another disk, or one that knows no such names, copy it."""
    while True:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, target)
            os.utime(target)  # its age, which `uploads_fsck` looks at, counts from now on
        except FileNotFoundError:
            if not path.exists():
                raise
            continue  # another attempt to keep it has failed, and taken the directory along
        except OSError:
            pieces.join([(path, path.stat().st_size)], target)
        break
    pieces.sync_directory(target.parent)
    pieces.sync_directory(target.parent.parent)
