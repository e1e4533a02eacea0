"""Consistency check of the rows of uploads and their bytes, with a repair of each inconsistency.

Bytes without a row are left by crashes, or by the restore of an older database backup; they are deleted. Rows without
bytes are never deleted, since the disk may not be mounted. Missing renditions are made again, and the page of a lost
file reports the loss.
"""

import shutil
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from uploads import tasks
from uploads.models import Rendition, Transfer, Upload
from uploads.receiving import pieces

MIN_AGE = timedelta(hours=1)
"""Younger files may get their row in a moment, so they are not reported."""

ROOT = "uploads"
LOST = "The file is lost. Ask the administrator of this site to restore it from a backup, or upload it again."


class Finding(NamedTuple):
    """An inconsistency, with its repair. The texts are for the administrator."""

    text: str
    remedy: str
    repair: Callable[[], object]


def check() -> Iterator[Finding]:
    """Yield all inconsistencies, in no particular order."""
    stored = set(_stored(ROOT))
    yield from _bytes_without_rows(stored)
    yield from _rows_without_bytes(stored)
    yield from _pieces_without_rows()
    yield from _transfers_without_pieces()


def _stored(directory: str) -> Iterator[str]:
    """Yield the names of all files below the directory of the storage."""
    try:
        directories, files = default_storage.listdir(directory)
    except FileNotFoundError:
        return
    for name in files:
        yield f"{directory}/{name}"
    for name in directories:
        yield from _stored(f"{directory}/{name}")


def _bytes_without_rows(stored: set[str]) -> Iterator[Finding]:
    known = {name for model in (Upload, Rendition) for name in model.objects.values_list("file", flat=True)}
    for name in sorted(stored - known):
        if _is_old(name):
            yield Finding(f"{name}: belongs to no upload", "deleted", partial(_delete_bytes, name))


def _rows_without_bytes(stored: set[str]) -> Iterator[Finding]:
    for rendition in Rendition.objects.select_related("upload__owner").iterator():
        if _is_missing(rendition.file.name or "", stored):
            text = f"{rendition.file.name}: this picture is missing"
            yield Finding(text, "will be made again", partial(_process_again, rendition.upload_id))
    for upload in Upload.objects.select_related("owner").iterator():
        if _is_missing(upload.file.name or "", stored):
            text = f"{upload.file.name}: this file of {upload.owner}'s is lost"
            yield Finding(text, "its page shows that it is lost", partial(_show_loss, upload.pk))


def _pieces_without_rows() -> Iterator[Finding]:
    if not pieces.incoming_directory().is_dir():
        return
    for directory in sorted(pieces.incoming_directory().iterdir()):
        is_known = _is_uuid(directory.name) and Transfer.objects.pending().filter(pk=directory.name).exists()
        if not is_known and time.time() - directory.stat().st_mtime > MIN_AGE.total_seconds():
            yield Finding(f"{directory}: belongs to no unfinished upload", "deleted", partial(shutil.rmtree, directory))


def _transfers_without_pieces() -> Iterator[Finding]:
    for transfer in Transfer.objects.pending().filter(writing=False):
        parts = pieces.files_of(transfer.pk, transfer.pieces, transfer.offset)
        if any(not _has(path, size) for path, size in parts):
            text = f"{transfer.pk}: bytes of this unfinished upload are lost"
            yield Finding(text, "its client gets an error when it resumes", lambda: None)


def _delete_bytes(name: str) -> None:
    """Delete the stored file, unless a row refers to it by now."""
    if not any(model.objects.filter(file=name).exists() for model in (Upload, Rendition)):
        default_storage.delete(name)


@transaction.atomic
def _process_again(upload_id: UUID) -> None:
    """Enqueue a job that overwrites all renditions, unless the upload has been deleted or is being processed."""
    upload = _locked(upload_id)
    if upload and not upload.is_processing:
        upload.job = tasks.process.enqueue(owner=upload.owner, upload_id=upload.pk, name=upload.name)
        upload.save(update_fields=["job"])


@transaction.atomic
def _show_loss(upload_id: UUID) -> None:
    """Show the loss on the upload's page, unless the upload has been deleted or its file is back."""
    upload = _locked(upload_id)
    if upload and not default_storage.exists(upload.file.name or ""):
        upload.metadata["problem"] = LOST
        upload.save(update_fields=["metadata"])


def _locked(upload_id: UUID) -> Upload | None:
    return Upload.objects.select_for_update(of=("self",)).select_related("job", "owner").filter(pk=upload_id).first()


def _is_old(name: str) -> bool:
    try:
        return timezone.now() - default_storage.get_modified_time(name) > MIN_AGE
    except FileNotFoundError:
        return False


def _is_missing(name: str, stored: set[str]) -> bool:
    """Return whether the file is missing. The list of stored files may be older than the row."""
    return name not in stored and not default_storage.exists(name)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size >= size
