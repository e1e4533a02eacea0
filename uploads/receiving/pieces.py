"""The bytes of a file on its way here: pieces, in a directory of the transfer's own, on this machine's disk.

A piece is appended to by one writer after the other, as long as each has ended in order. Who takes over from one that
may still be at it, frozen perhaps, begins a new piece: so the old one can write what it likes and spoils nothing. What
a piece has beyond the bytes that count is not part of the file.

This module knows nothing of the database: which pieces there are, and how much of them counts, it is told.
"""

import errno
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

from django.conf import settings

COPY_BYTES = 64 * 1024**2
BETWEEN_DISKS = {errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}
"""How the kernel refuses to copy by itself from one kind of disk to another."""

Pieces = list[list[int]]
"""[number, the offset where it begins], in order."""


def directory_of(transfer_id: UUID) -> Path:
    return incoming() / str(transfer_id)


def incoming() -> Path:
    """The directory of all transfers' directories."""
    return settings.STATE_DIR / "incoming"


class Tail:
    """The end of the newest piece, open for writing. Its methods wait for the disk."""

    def __init__(self, transfer_id: UUID, pieces: Pieces, offset: int) -> None:
        """Raises FileNotFoundError when bytes that count are not there any more."""
        number, begins_at = pieces[-1]
        directory = directory_of(transfer_id)
        is_new = begins_at == offset
        if is_new:
            directory.mkdir(parents=True, exist_ok=True)
        how = os.O_WRONLY | (os.O_CREAT if is_new else 0)
        self._fd = os.open(directory / str(number), how, settings.FILE_UPLOAD_PERMISSIONS or 0o600)
        try:
            if os.fstat(self._fd).st_size < offset - begins_at:
                raise FileNotFoundError(f"{directory / str(number)} is shorter than it was")
            os.ftruncate(self._fd, offset - begins_at)
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
        """When this has returned, what was written before it was called outlasts a power cut."""
        os.fdatasync(self._fd)

    def close(self) -> None:
        os.close(self._fd)


def whole(transfer_id: UUID, pieces: Pieces, length: int, claim: int) -> Path:
    """The whole file, on disk: the only piece, or all of them joined, in a file of this claim's own."""
    parts = list(parts_of(transfer_id, pieces, length))
    if len(parts) == 1 and parts[0][0].stat().st_size == length:
        return parts[0][0]
    return join(parts, directory_of(transfer_id) / f"joined-{claim}")


def parts_of(transfer_id: UUID, pieces: Pieces, length: int) -> Iterator[tuple[Path, int]]:
    """Each piece as a file, and how many of its bytes count."""
    ends = [*(begins_at for _, begins_at in pieces[1:]), length][: len(pieces)]
    for (number, begins_at), end in zip(pieces, ends, strict=True):
        yield directory_of(transfer_id) / str(number), end - begins_at


def join(parts: Sequence[tuple[Path, int]], joined: Path) -> Path:
    """A new file of so many bytes of each of these, on disk. The kernel copies, or shares blocks if the disk can that.

    Raises FileExistsError if there is one already, and FileNotFoundError when bytes are missing.
    """
    joined.parent.mkdir(parents=True, exist_ok=True)
    with open(joined, "xb", opener=_private) as target:
        for path, size in parts:
            with path.open("rb") as source:
                _copy(source.fileno(), target.fileno(), size, path)
        os.fsync(target.fileno())
    sync_directory(joined.parent)
    return joined


def remove(transfer_id: UUID) -> None:
    """All bytes of a transfer."""
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
        if error.errno not in BETWEEN_DISKS:
            raise
        return os.sendfile(target, source, None, size)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, settings.FILE_UPLOAD_PERMISSIONS or 0o600)
