"""Processing of uploads: the SHA-256 of every file, and the renditions of those kinds that have a decoder.

Processing a file again gives the same rows and the same files, and deletes what an earlier attempt left besides.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from progress.exceptions import LostJob
from progress.reporter import Progress
from progress.tasks import TaskError
from uploads.decoding.preview import Preview, RenditionFile
from uploads.kinds import Kind, kind_of
from uploads.models import Rendition, Upload

if TYPE_CHECKING:
    BinaryFile = File[bytes]
else:
    BinaryFile = File  # has no type parameters at run time

CHUNK_BYTES = 256 * 1024
CHECKSUM_WEIGHT = 0.05
"""The share of the job's time that the checksum takes, measured with a photo of 12 megapixels."""


class MovableFile(BinaryFile):
    """A temporary file that a storage on the same disk may move to its place instead of copying it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def process(upload: Upload, progress: Progress) -> None:
    """Compute the checksum and make the renditions. Raise TaskError if the file can't be decoded."""
    with _deleting_files_without_rows(upload):
        kind = kind_of(upload.content_type)
        if kind is None:
            checksum(upload, progress)
            return
        with temporary_directory(upload.pk) as directory:
            source = fetch(upload, directory, progress, weight=CHECKSUM_WEIGHT)
            make_renditions(upload, kind, source, directory, progress)


def fetch(upload: Upload, directory: Path, progress: Progress, weight: float) -> Path:
    """Record the checksum of the file and return its path on this machine.

    A file in an object store can be read only once and from the start, so it is also copied into the directory.
    """
    path = _local_path(upload)
    source = path or directory / "original"
    checksum(upload, progress, weight=weight, copy_to=None if path else source)
    return source


def checksum(upload: Upload, progress: Progress, weight: float = 1.0, copy_to: Path | None = None) -> None:
    """Record the SHA-256 of the file, and copy the file to `copy_to` if that is given."""
    digest = hashlib.sha256()
    progress.stage("Checking the file", total=upload.size, unit="bytes", weight=weight)
    with upload.file.open() as file, _open_for_writing(copy_to) as copy:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            if copy:
                copy.write(chunk)
            progress.advance(len(chunk))
    Upload.objects.filter(pk=upload.pk).update(sha256=digest.hexdigest())


def make_renditions(upload: Upload, kind: Kind, source: Path, directory: Path, progress: Progress) -> None:
    """Store the renditions and record them. After an error, record its message for the owner and raise TaskError."""
    preview = Preview()
    try:
        preview.make(kind, upload.content_type, source, directory, progress)
    except TaskError as error:
        Upload.objects.filter(pk=upload.pk).update(metadata={**preview.metadata, "problem": error.message})
        raise
    for rendition in preview.renditions:
        _store(upload, rendition)
        progress.advance(0)
    _record(upload, preview)


def _store(upload: Upload, rendition: RenditionFile) -> None:
    with rendition.path.open("rb") as file:
        default_storage.save(_stored_name(upload, rendition), MovableFile(file, str(rendition.path)))


@transaction.atomic
def _record(upload: Upload, preview: Preview) -> None:
    """Replace the rows of an earlier attempt by those of this one. Raise TaskError if the upload has been deleted."""
    if not Upload.objects.filter(pk=upload.pk).update(metadata=preview.metadata):
        raise TaskError("deleted", "The file was deleted while it was processed.")
    row_ids = []
    for rendition in preview.renditions:
        values = {"file": _stored_name(upload, rendition), "height": rendition.height, "size": rendition.size}
        row, _ = Rendition.objects.update_or_create(
            upload=upload, page=rendition.page, width=rendition.width, defaults=values
        )
        row_ids.append(row.pk)
    Rendition.objects.filter(upload=upload).exclude(pk__in=row_ids).delete()


@contextmanager
def _deleting_files_without_rows(upload: Upload) -> Iterator[None]:
    """Delete stored files without a row at the end of the block.

    If another attempt has taken over the job, the files may be that attempt's, which deletes its own.
    """
    is_responsible = True
    try:
        yield
    except LostJob:
        is_responsible = not Upload.objects.filter(pk=upload.pk).exists()  # no other attempt follows a deletion
        raise
    finally:
        if is_responsible:
            _delete_files_without_rows(upload)


def _delete_files_without_rows(upload: Upload) -> None:
    directory = _directory(upload)
    with suppress(OSError):  # an unavailable storage must not hide the exception that ended the job
        recorded = {upload.file.name, *Rendition.objects.filter(upload=upload).values_list("file", flat=True)}
        stored = {f"{directory}/{name}" for name in default_storage.listdir(directory)[1]}
        for name in stored - recorded:
            default_storage.delete(name)


@contextmanager
def temporary_directory(key: UUID) -> Iterator[Path]:
    """Make a directory for the job of this object and delete it afterwards, with those that killed attempts left."""
    prefix = f"{key}-"
    for leftover in settings.FILE_UPLOAD_TEMP_DIR.glob(f"{prefix}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    with TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR, prefix=prefix) as directory:
        yield Path(directory)


def _local_path(upload: Upload) -> Path | None:
    """Return the path of the file, or None if its storage is an object store."""
    try:
        return Path(upload.file.path)
    except NotImplementedError:
        return None


def _open_for_writing(path: Path | None) -> AbstractContextManager[IO[bytes] | None]:
    return path.open("wb") if path else nullcontext()


def _directory(upload: Upload) -> str:
    return f"uploads/{upload.pk}"


def _stored_name(upload: Upload, rendition: RenditionFile) -> str:
    return f"{_directory(upload)}/{rendition.path.name}"
