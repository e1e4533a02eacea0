"""SHA-256 of a part of the acknowledged bytes of a transfer.

Before a client resumes a transfer, it compares digests to make sure that the file at hand is the same: two files may
have the same name and size. A part is at most MAX_BYTES long, which bounds the time of a request.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from django.core.files.storage import default_storage

from progress.connections import release_connection
from uploads.models import Transfer, Upload
from uploads.receiving import pieces
from uploads.threads import run_in_thread

MAX_BYTES = 32 * 1024**2


def checksum(transfer: Transfer, start: int, end: int) -> str:
    """Return the digest in hexadecimal. Raise FileNotFoundError when some of the bytes are lost."""
    upload = transfer.upload
    release_connection()
    if upload is None:
        return run_in_thread(_digest_files, pieces.files_of(transfer.pk, transfer.pieces, transfer.offset), start, end)
    return run_in_thread(_digest_upload, upload, start, end)


def _digest_upload(upload: Upload, start: int, end: int) -> str:
    name = upload.file.name or ""
    try:
        path = Path(default_storage.path(name))
    except NotImplementedError:  # Django's way to say that the storage is not a directory
        return hashlib.sha256(default_storage.read_part(name, start, end)).hexdigest()  # type: ignore[attr-defined]
    return _digest_files([(path, upload.size)], start, end)


def _digest_files(parts: Iterable[tuple[Path, int]], start: int, end: int) -> str:
    """Return the digest of a part of several files in sequence, each with the number of bytes that belong to it."""
    digest = hashlib.sha256()
    start_of_file = 0
    for path, size in parts:
        first, last = max(start - start_of_file, 0), min(end - start_of_file, size)
        if first < last:
            digest.update(_read(path, first, last))
        start_of_file += size
    return digest.hexdigest()


def _read(path: Path, first: int, last: int) -> bytes:
    with path.open("rb") as file:
        file.seek(first)
        data = file.read(last - first)
    if len(data) < last - first:
        raise FileNotFoundError(f"{path} is shorter than it was")
    return data
