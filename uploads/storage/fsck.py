"""What is out of step between the rows of uploads and their bytes, on either side, and how each is put right.

Bytes without a row are what a crash leaves, or a database that was restored from an older backup. Rows without bytes
are graver: what can be made again is, and a file that is lost is told to its owner, but its row is never deleted,
since all that is wrong may be a disk that isn't mounted.
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

YOUNG = timedelta(hours=1)
"""What is younger may be just about to get its row."""

TOP = "uploads"
LOST = "The file itself is lost. Ask whoever runs this site to restore it from a backup, or send it again."


class Finding(NamedTuple):
    """What is wrong, and what is done about it if that is wanted, in words for whoever runs the site."""

    text: str
    remedy: str
    repair: Callable[[], object]


def check() -> Iterator[Finding]:
    """All that is wrong, in no order."""
    stored = set(_stored(TOP))
    yield from _bytes_without_rows(stored)
    yield from _rows_without_bytes(stored)
    yield from _pieces_without_rows()
    yield from _transfers_without_pieces()


def _stored(directory: str) -> Iterator[str]:
    """The names of all files below that directory of the store."""
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
            yield Finding(text, "will be made again", partial(_make_again, rendition.upload_id))
    for upload in Upload.objects.select_related("owner").iterator():
        if _is_missing(upload.file.name or "", stored):
            text = f"{upload.file.name}: this file of {upload.owner}'s is lost"
            yield Finding(text, "its owner is told", partial(_tell_owner, upload.pk))


def _pieces_without_rows() -> Iterator[Finding]:
    if not pieces.incoming_directory().is_dir():
        return
    for directory in sorted(pieces.incoming_directory().iterdir()):
        is_known = _is_uuid(directory.name) and Transfer.objects.pending().filter(pk=directory.name).exists()
        if not is_known and time.time() - directory.stat().st_mtime > YOUNG.total_seconds():
            yield Finding(
                f"{directory}: belongs to no file on its way here", "deleted", partial(shutil.rmtree, directory)
            )


def _transfers_without_pieces() -> Iterator[Finding]:
    for transfer in Transfer.objects.pending().filter(writing=False):
        parts = pieces.files_of(transfer.pk, transfer.pieces, transfer.offset)
        if any(not _has(path, size) for path, size in parts):
            text = f"{transfer.pk}: bytes of this file on its way here are lost"
            yield Finding(text, "who goes on with it will be told", lambda: None)


def _delete_bytes(name: str) -> None:
    """Delete the stored file, unless a row refers to it by now."""
    if not any(model.objects.filter(file=name).exists() for model in (Upload, Rendition)):
        default_storage.delete(name)


@transaction.atomic
def _make_again(upload_id: UUID) -> None:
    """Enqueue a job that overwrites all renditions, unless the upload has been deleted or is being processed."""
    upload = _locked(upload_id)
    if upload and not upload.is_processing:
        upload.job = tasks.process.enqueue(owner=upload.owner, upload_id=upload.pk, name=upload.name)
        upload.save(update_fields=["job"])


@transaction.atomic
def _tell_owner(upload_id: UUID) -> None:
    """Show the loss on the upload's page, unless the upload has been deleted or its file is back."""
    upload = _locked(upload_id)
    if upload and not default_storage.exists(upload.file.name or ""):
        upload.metadata["problem"] = LOST
        upload.save(update_fields=["metadata"])


def _locked(upload_id: UUID) -> Upload | None:
    return Upload.objects.select_for_update(of=("self",)).select_related("job", "owner").filter(pk=upload_id).first()


def _is_old(name: str) -> bool:
    try:
        return timezone.now() - default_storage.get_modified_time(name) > YOUNG
    except FileNotFoundError:
        return False


def _is_missing(name: str, stored: set[str]) -> bool:
    """A row may be younger than the list of what is stored."""
    return name not in stored and not default_storage.exists(name)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _has(path: Path, size: int) -> bool:
    return path.is_file() and path.stat().st_size >= size
