"""What is done with every upload: a SHA-256, and of pictures and PDFs renditions.

Both can be repeated: the same file gives the same rows and the same files, under the same names; and what an earlier
attempt left, and this one doesn't make, goes.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import transaction

from progress.exceptions import LostJob
from progress.reporter import Progress
from progress.tasks import TaskError
from uploads.decoding.pictures import Made, Pictures
from uploads.decoding.protocol import PDF
from uploads.models import Rendition, Upload
from uploads.sniff import PICTURE_TYPES

CHUNK_BYTES = 256 * 1024
CHECKSUM_WEIGHT = 0.05
"""The share of a picture's job that its checksum is, by the time it takes for a photo of 12 megapixels."""


class InTemporaryDirectory(File):
    """A file that a storage on the same disk may take as its own, instead of copying it."""

    def temporary_file_path(self) -> str:
        return str(self.name)


def process(upload: Upload, progress: Progress) -> None:
    """Do it all. Raises TaskError when the file claims to be a picture or a PDF, and can't be read as one."""
    with _no_file_without_a_row(upload):
        if upload.content_type not in PICTURE_TYPES | {PDF}:
            checksum(upload, progress)
            return
        with temporary_directory(upload) as directory:
            source = fetch(upload, directory, progress, weight=CHECKSUM_WEIGHT)
            make_renditions(upload, source, directory, progress)


def fetch(upload: Upload, directory: Path, progress: Progress, weight: float) -> Path:
    """Record the checksum of the file and return its path on this machine.

    A file in an object store can be read only once and from the start, so it is copied into the directory meanwhile.
    """
    path = _path_of(upload)
    source = path or directory / "original"
    checksum(upload, progress, weight=weight, keep_in=None if path else source)
    return source


def checksum(upload: Upload, progress: Progress, weight: float = 1.0, keep_in: Path | None = None) -> None:
    """Read it all, and note what it sums up to. `keep_in` gets a copy, so that a file from elsewhere is read once."""
    digest = hashlib.sha256()
    progress.stage("Checking the file", total=upload.size, unit="bytes", weight=weight)
    with upload.file.open() as file, _opened(keep_in) as copy:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            if copy:
                copy.write(chunk)
            progress.advance(len(chunk))
    Upload.objects.filter(pk=upload.pk).update(sha256=digest.hexdigest())


def make_renditions(upload: Upload, source: Path, directory: Path, progress: Progress) -> None:
    pictures = Pictures()
    try:
        pictures.make(upload.content_type, source, directory, progress)
    except TaskError as error:
        problem = {**pictures.metadata, "problem": error.message}
        Upload.objects.filter(pk=upload.pk).update(metadata=problem)
        raise
    for made in pictures.renditions:
        _store(upload, made)
        progress.advance(0)
    _record(upload, pictures)


def _store(upload: Upload, made: Made) -> None:
    with made.path.open("rb") as file:
        default_storage.save(_name(upload, made), InTemporaryDirectory(file, str(made.path)))


@transaction.atomic
def _record(upload: Upload, pictures: Pictures) -> None:
    """The rows are those of this attempt, and no others."""
    if not Upload.objects.filter(pk=upload.pk).update(metadata=pictures.metadata):
        raise TaskError("deleted", "The file was deleted while it was processed.")
    kept = []
    for made in pictures.renditions:
        values = {"file": _name(upload, made), "height": made.height, "size": made.size}
        row, _ = Rendition.objects.update_or_create(upload=upload, page=made.page, width=made.width, defaults=values)
        kept.append(row.pk)
    Rendition.objects.filter(upload=upload).exclude(pk__in=kept).delete()


@contextmanager
def _no_file_without_a_row(upload: Upload) -> Iterator[None]:
    """Whatever happens. Of a job that another attempt has by now, the files are that one's, and so is the sweeping."""
    is_mine = True
    try:
        yield
    except LostJob:
        is_mine = not Upload.objects.filter(pk=upload.pk).exists()  # nobody tries again what was deleted
        raise
    finally:
        if is_mine:
            _sweep(upload)


def _sweep(upload: Upload) -> None:
    """Nothing stays that has no row: what killed attempts have left, at keeping the file or at its pictures."""
    folder = _folder(upload)
    with suppress(OSError):  # the folder or the store is away, which must not hide what else went wrong
        recorded = {upload.file.name, *Rendition.objects.filter(upload=upload).values_list("file", flat=True)}
        stored = {f"{folder}/{name}" for name in default_storage.listdir(folder)[1]}
        for name in stored - recorded:
            default_storage.delete(name)


@contextmanager
def temporary_directory(upload: Upload) -> Iterator[Path]:
    """Make a directory for the job of this upload, and delete it at the end, and those that killed attempts left."""
    mine = f"{upload.pk}-"
    for left in settings.FILE_UPLOAD_TEMP_DIR.glob(f"{mine}*"):
        shutil.rmtree(left, ignore_errors=True)
    with TemporaryDirectory(dir=settings.FILE_UPLOAD_TEMP_DIR, prefix=mine) as directory:
        yield Path(directory)


def _path_of(upload: Upload) -> Path | None:
    """Where the file lies; None if its storage is not on this machine."""
    try:
        return Path(upload.file.path)
    except NotImplementedError:
        return None


def _opened(path: Path | None) -> AbstractContextManager[IO[bytes] | None]:
    return path.open("wb") if path else nullcontext()


def _folder(upload: Upload) -> str:
    return f"uploads/{upload.pk}"


def _name(upload: Upload, made: Made) -> str:
    return f"{_folder(upload)}/{made.path.name}"
