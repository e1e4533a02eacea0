"""The contents of an archive. Files are copied in chunks and not compressed, since most of them already are."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from django.contrib.auth.models import User
from django.utils import timezone

from progress.reporter import Progress
from todos.formats import FORMATS, Row
from todos.import_export.exporting import export_rows
from todos.models import Todo
from uploads.models import Upload
from uploads.storage.archive_names import UniqueNames

TODOS_WEIGHT = 0.05
"""The share of the progress of the to-dos. Most of the time is for the files."""

CHUNK_BYTES = 256 * 1024
FORMAT = FORMATS["json"]
TODOS_NAME = "to-dos.json"
FOLDER = "files"


class Counts(NamedTuple):
    """What the archive contains, for the result of the job."""

    files: int
    missing: int
    """Files whose bytes are lost, or that were deleted during the export."""


def write_archive(path: Path, owner: User, progress: Progress, files_weight: float) -> Counts:
    """Write a ZIP file with the to-dos and the files that are not in the trash."""
    with ZipFile(path, "x", compression=ZIP_STORED) as archive:
        _write_todos(archive, owner, progress)
        return _write_files(archive, owner, progress, files_weight)


def _write_todos(archive: ZipFile, owner: User, progress: Progress) -> None:
    entry = _entry(TODOS_NAME, timezone.now())
    entry.compress_type = ZIP_DEFLATED
    total = Todo.objects.visible_to(owner).count()
    rows: Iterator[Row] = progress.track(
        export_rows(owner), stage="Adding to-dos", total=total, unit="to-dos", weight=TODOS_WEIGHT
    )
    with archive.open(entry, "w", force_zip64=True) as output:
        for block in FORMAT.write(rows):
            output.write(block)


def _write_files(archive: ZipFile, owner: User, progress: Progress, weight: float) -> Counts:
    rows = Upload.objects.visible_to(owner).only("name", "file", "size", "created_at")
    uploads = list(rows.order_by("created_at", "pk"))  # all of them, so that no query stays open while files are copied
    progress.stage("Adding files", total=sum(upload.size for upload in uploads), unit="bytes", weight=weight)
    names = UniqueNames()
    added = 0
    for upload in uploads:
        with suppress(FileNotFoundError):
            _write_file(archive, upload, names, progress)
            added += 1
    return Counts(files=added, missing=len(uploads) - added)


def _write_file(archive: ZipFile, upload: Upload, names: UniqueNames, progress: Progress) -> None:
    """Raise FileNotFoundError, before anything is written, if the bytes of the file are missing."""
    with upload.file.open() as file:
        entry = _entry(f"{FOLDER}/{names.add(upload.name)}", upload.created_at)
        entry.file_size = upload.size  # a larger file needs the format's 64-bit fields
        with archive.open(entry, "w") as output:
            while chunk := file.read(CHUNK_BYTES):
                output.write(chunk)
                progress.advance(len(chunk))


def _entry(name: str, time: datetime) -> ZipInfo:
    return ZipInfo(name, time.astimezone(UTC).timetuple()[:6])
