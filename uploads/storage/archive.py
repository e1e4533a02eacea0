"""Several uploads as one ZIP file that is made while it is sent, so that neither memory nor a disk holds it.

The files aren't compressed, since most of them already are. So the size of the ZIP file is known in advance.
"""

from collections.abc import Iterator

from django.db.models.fields.files import FieldFile
from django.http import Http404, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from zipstream import ZipStream

from progress.connections import release_connection
from uploads.models import Upload
from uploads.storage.archive_names import UniqueNames

CHUNK_BYTES = 256 * 1024


def download(uploads: list[Upload]) -> StreamingHttpResponse:
    """Send the uploads as an attachment, without those whose bytes are lost. Raise Http404 if none is left."""
    release_connection()
    uploads = [upload for upload in uploads if upload.file.storage.exists(upload.file.name or "")]
    if not uploads:
        raise Http404
    names = UniqueNames()
    archive = ZipStream(sized=True)
    for upload in uploads:
        archive.add(_chunks(upload.file), names.add(upload.name), size=upload.size)
    headers = {
        "Content-Type": "application/zip",
        "Content-Length": str(len(archive)),
        "Content-Disposition": content_disposition_header(True, f"headway-files-{timezone.localdate()}.zip") or "",
        "Cache-Control": "private, no-store",
        "X-Accel-Buffering": "no",  # nginx would write up to 1 GB to its disk for a slow client
    }
    return StreamingHttpResponse(iter(archive), headers=headers)


def _chunks(file: FieldFile) -> Iterator[bytes]:
    with file.open() as source:
        while chunk := source.read(CHUNK_BYTES):
            yield chunk
