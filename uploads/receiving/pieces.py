"""The bytes of transfers: pieces in one directory for each transfer, on this machine's disk.

A writer appends to the newest piece if the last writer has ended properly. Otherwise, since that writer may only be
suspended, the new writer starts a new piece: nothing that the old writer still writes becomes part of the file. Bytes
of a piece beyond the acknowledged bytes are not part of the file either.

This module doesn't use the database. Callers pass the list of pieces and the acknowledged length.
"""

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from django.conf import settings

COPY_BYTES = 64 * 1024**2
COPY_UNSUPPORTED = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}
"""Errors of copy_file_range between file systems that don't support it."""

Pieces = list[list[int]]
"""Each piece as [number, start offset], in order."""


def directory_of(transfer_id: UUID) -> Path:
    return incoming_directory() / str(transfer_id)


def incoming_directory() -> Path:
    """Return the parent of all transfers' directories."""
    return settings.STATE_DIR / "incoming"


class PieceWriter:
    """The newest piece, open for appending at the acknowledged offset. All methods block on the disk."""

    def __init__(self, transfer_id: UUID, pieces: Pieces, offset: int) -> None:
        """Raise FileNotFoundError when acknowledged bytes are missing."""
        number, start = pieces[-1]
        directory = directory_of(transfer_id)
        is_new = start == offset
        if is_new:
            directory.mkdir(parents=True, exist_ok=True)
        flags = os.O_WRONLY | (os.O_CREAT if is_new else 0)
        self._fd = os.open(directory / str(number), flags, settings.FILE_UPLOAD_PERMISSIONS or 0o600)
        try:
            if os.fstat(self._fd).st_size < offset - start:
                raise FileNotFoundError(f"{directory / str(number)} is shorter than it was")
            os.ftruncate(self._fd, offset - start)
            os.lseek(self._fd, 0, os.SEEK_END)
            if is_new:
                sync_directory(directory)
                sync_directory(directory.parent)
        except BaseException:
            os.close(self._fd)
            raise

    def write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self._fd, view) :]

    def sync(self) -> None:
        os.fdatasync(self._fd)

    def close(self) -> None:
        os.close(self._fd)


def assemble(transfer_id: UUID, pieces: Pieces, length: int, claim: int) -> Path:
    """Return the path of the complete file: the only piece, or a new file with all pieces, named after the claim."""
    parts = list(files_of(transfer_id, pieces, length))
    if len(parts) == 1 and parts[0][0].stat().st_size == length:
        return parts[0][0]
    return concatenate(parts, directory_of(transfer_id) / f"joined-{claim}")


def files_of(transfer_id: UUID, pieces: Pieces, length: int) -> Iterator[tuple[Path, int]]:
    """Yield the path of each piece, and how many of its bytes belong to the file."""
    ends = [*(start for _, start in pieces[1:]), length][: len(pieces)]
    for (number, start), end in zip(pieces, ends, strict=True):
        yield directory_of(transfer_id) / str(number), end - start


def concatenate(parts: Sequence[tuple[Path, int]], target: Path) -> Path:
    """Write the first bytes of each file, as many as given, to a new file. Return its path.

    The kernel copies, or shares blocks if the file system can. Raise FileExistsError, and FileNotFoundError when bytes
    are missing.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "xb", opener=_open_private) as output:
        for path, size in parts:
            with path.open("rb") as source:
                _copy(source.fileno(), output.fileno(), size, path)
        os.fsync(output.fileno())
    sync_directory(target.parent)
    return target


def remove(transfer_id: UUID) -> None:
    shutil.rmtree(directory_of(transfer_id), ignore_errors=True)


def sync_directory(directory: Path) -> None:
    """Write the names in the directory to the disk, so that a new file is still there after a power failure."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _copy(source: int, target: int, size: int, path: Path) -> None:
    while size:
        copied = _copy_some(source, target, min(size, COPY_BYTES))
        if not copied:
            raise FileNotFoundError(f"{path} is shorter than it was")
        size -= copied


def _copy_some(source: int, target: int, size: int) -> int:
    try:
        return os.copy_file_range(source, target, size)
    except OSError as error:
        if error.errno not in COPY_UNSUPPORTED:
            raise
        return os.sendfile(target, source, None, size)


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, settings.FILE_UPLOAD_PERMISSIONS or 0o600)
