"""Making of an archive: written to a temporary file of this machine, then moved to the storage, then recorded.

A job that is interrupted or fails leaves nothing behind, except for temporary files of a killed process, which the
next attempt or `uploads.retention` deletes.
"""

from typing import IO

from django.core.files.storage import FileSystemStorage, default_storage

from config.accounts.export.archive import Counts, write_archive
from config.models import Export
from progress.reporter import Progress
from progress.tasks import TaskError
from uploads.models import Upload
from uploads.processing import MovableFile, temporary_directory
from uploads.receiving.limits import check_disk

FILES_WEIGHT_WITH_OBJECT_STORE = 0.5
"""The share of the progress of the files, if the archive has to be sent to an object store afterwards."""


class _ReportingFile(MovableFile):
    """A file that reports how far it has been read. An object store may read parts of it again."""

    def __init__(self, file: IO[bytes], name: str, progress: Progress) -> None:
        super().__init__(file, name)
        self._source = file
        self._progress = progress
        self._reported = 0

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        position = self._source.tell()
        self._progress.advance(max(0, position - self._reported))
        self._reported = max(position, self._reported)
        return data


def make(export: Export, progress: Progress) -> Counts:
    """Make and store the archive. Raise TaskError if the disk has no space for it, or the export was deleted."""
    try:
        check_disk(Upload.objects.visible_to(export.owner).total_bytes())
    except OSError:
        text = "There isn't enough space on the server for the export. Tell the administrator of this site."
        raise TaskError("no_space", text) from None
    is_local = isinstance(default_storage, FileSystemStorage)
    with temporary_directory(export.pk) as directory:
        path = directory / "archive.zip"
        weight = 1.0 if is_local else FILES_WEIGHT_WITH_OBJECT_STORE
        counts = write_archive(path, export.owner, progress, weight)
        size = path.stat().st_size
        if not is_local:
            progress.stage("Saving the archive", total=size, unit="bytes")
        with path.open("rb") as file:
            default_storage.save(export.file.name or "", _ReportingFile(file, str(path), progress))
    _record(export, size)
    return counts


def _record(export: Export, size: int) -> None:
    """Make the archive available, or delete it again if the export or its owner has been deleted."""
    if not Export.objects.filter(pk=export.pk).update(size=size):
        default_storage.delete(export.file.name or "")
        raise TaskError("deleted", "The export was deleted while it was made.")
