"""Several uploads as one ZIP file that is made while it is sent, so that neither memory nor a disk holds it.

The files aren't compressed, since most of them already are. So the size of the ZIP file is known in advance.
"""

from collections.abc import Iterator
from zipfile import ZipFile, ZipInfo

from django.db.models.fields.files import FieldFile
from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from progress.connections import release_connection
from uploads.models import Upload
from uploads.storage.archive_names import UniqueNames

CHUNK_BYTES = 256 * 1024

Entries = list[tuple[ZipInfo, FieldFile]]


def download(uploads: list[Upload]) -> StreamingHttpResponse:
    """Send the uploads as an attachment, without those whose bytes are lost. Raise Http404 if none is left."""
    release_connection()
    uploads = [upload for upload in uploads if upload.file.storage.exists(upload.file.name or "")]
    if not uploads:
        raise Http404
    names = UniqueNames()
    entries = [(_entry(upload, names), upload.file) for upload in uploads]
    headers = {
        "Content-Type": "application/zip",
        "Content-Length": str(_length(entries)),
        "Content-Disposition": content_disposition_header(True, f"headway-files-{timezone.localdate()}.zip") or "",
        "Cache-Control": "private, no-store",
        "X-Accel-Buffering": "no",  # nginx would write up to 1 GB to its disk for a slow client
    }
    return StreamingHttpResponse(_stream(entries), headers=headers)


def _entry(upload: Upload, names: UniqueNames) -> ZipInfo:
    """Return the entry with the time of the upload. Its size determines which fields of the format are needed."""
    entry = ZipInfo(names.add(upload.name), timezone.localtime(upload.created_at).timetuple()[:6])
    entry.file_size = upload.size
    return entry


class _Output:
    """A file that can't seek. It keeps written bytes until they are taken."""

    def __init__(self) -> None:
        self.position = 0
        self._chunks: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._chunks.append(data)
        self.position += len(data)
        return len(data)

    def tell(self) -> int:
        return self.position

    def flush(self) -> None:
        pass

    close = flush

    def take(self) -> list[bytes]:
        chunks, self._chunks = self._chunks, []
        return chunks


def _length(entries: Entries) -> int:
    """Return the size of the archive in bytes, measured by writing it without the bytes of the files."""
    output = _Output()
    with ZipFile(output, "w") as archive:
        for entry, _ in entries:
            size = entry.file_size
            with archive.open(entry, "w"):
                output.position += size
            entry.file_size = entry.compress_size = size
    return output.position


def _stream(entries: Entries) -> Iterator[bytes]:
    """Yield the archive. Raise OSError, which ends the download, if a file was deleted or has another size."""
    output = _Output()
    with ZipFile(output, "w") as archive:
        for entry, file in entries:
            size = entry.file_size
            with file.open() as source, archive.open(entry, "w") as target:
                while chunk := source.read(CHUNK_BYTES):
                    target.write(chunk)
                    yield from output.take()
            if entry.file_size != size:
                raise OSError(f"{file.name} has {entry.file_size} bytes instead of {size}")
    yield from output.take()
