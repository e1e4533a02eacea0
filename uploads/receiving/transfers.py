"""Files on their way here: begun, written to by whoever holds the newest claim, joined, and complete at last.

What a client is told has arrived is on disk and in the database by then. The last byte is counted together with the
upload that the file becomes, and its job: so a file whose offset is its length has been kept.

This module knows the rules, and nothing of HTTP; `receiving/tus.py` is the protocol, `receiving/pieces.py` the bytes.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, NoReturn, Protocol, Self
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from progress.connections import release_connection
from progress.tasks import check_queue_limit
from uploads.models import Transfer, TransferQuerySet, Upload
from uploads.receiving import ingest, limits, pieces, quota
from uploads.threads import ThreadTask, run_in_thread

MOST_UNFINISHED = 1000
"""Of one user, parts included: each costs a row, whether or not a byte of it ever comes."""

COUNT_SECONDS = 1.0
"""How often what has arrived is made to count while more arrives."""


class WrongOffset(Exception):
    """The file doesn't go on there: it has more or fewer bytes, or somebody else is writing to it by now."""


class ChecksumMismatch(Exception):
    """What arrived is not what was sent; it doesn't count."""


class NotJoinable(Exception):
    """The parts can't be joined. The text says why."""


class TooMany(Exception):
    """This user has begun so many files that some have to be finished first."""


class Lost(Exception):
    """Bytes that counted are not there any more."""


class Digest(Protocol):
    """A checksum of what arrives in one request, and what it must be."""

    def update(self, data: bytes) -> None: ...
    def matches(self) -> bool: ...


def start(
    owner: Any, *, length: int | None, name: str, metadata: str, concat: str = "", is_part: bool = False
) -> Transfer:
    """Begin a file of so many bytes; None if that isn't known yet.

    Raises TooMany, TooManyJobs, UploadRejected, and OSError (ENOSPC).
    """
    check_queue_limit(owner)  # here and not at the end, where all bytes of the file have been sent
    if Transfer.objects.visible_to(owner).waiting().count() >= MOST_UNFINISHED:
        raise TooMany
    if length is not None and not is_part:
        limits.check_size(length)
    limits.check_disk(length or 0)
    with transaction.atomic():
        quota.reserve(owner, length or 0)
        return Transfer.objects.create(
            owner=owner,
            length=length,
            reserved=length or 0,
            name=name,
            metadata=metadata,
            concat=concat,
            is_part=is_part,
            expires_at=_expiry(),
        )


@transaction.atomic
def promise(transfer: Transfer, *, length: int | None, end: int) -> None:
    """Take note of the length, if it is known now, and see that there is room up to `end`. Raises UploadRejected."""
    wanted = max(transfer.reserved, end) if length is None else length
    limits.check_size(wanted)
    quota.reserve(transfer.owner, wanted - transfer.reserved)
    won = Transfer.objects.filter(pk=transfer.pk, length=None, reserved=transfer.reserved, offset__lte=wanted)
    if not won.update(length=length, reserved=wanted):
        raise WrongOffset
    transfer.length, transfer.reserved = length, wanted


@transaction.atomic
def terminate(transfer: Transfer) -> None:
    """Delete the transfer and the upload that it may have become, even if that happened meanwhile.

    Lock either the transfer or the upload, never one after the other: deleting an upload locks them in the other order.
    """
    unfinished = Transfer.objects.select_for_update().filter(pk=transfer.pk, upload=None).first()
    if found := unfinished or Upload.objects.filter(pk=transfer.pk).first():
        found.delete()


class Writer:
    """The holder of the newest claim to a transfer. Use as a context manager: when it ends, what has arrived counts.

    With a digest nothing counts before all of it has arrived and matches.
    """

    def __init__(self, transfer: Transfer, offset: int, digest: Digest | None = None) -> None:
        """Take over from whoever was writing. Raises WrongOffset."""
        self.transfer = transfer
        self.offset = offset
        self.counted = offset
        self._digest = digest
        self._claim = transfer.claim + 1
        self._pieces = self._continued()
        self._writing: tuple[int, ThreadTask[None]] | None = None
        self._syncing: tuple[int, ThreadTask[None]] | None = None
        free = Transfer.objects.filter(pk=transfer.pk, claim=transfer.claim, offset=offset, upload=None)
        if not free.update(claim=self._claim, writing=True, pieces=self._pieces, expires_at=self._expiry()):
            raise WrongOffset

    def __enter__(self) -> Self:
        """Raises Lost, or WrongOffset if somebody has taken over already."""
        release_connection()
        try:
            self._tail = run_in_thread(pieces.Tail, self.transfer.pk, self._pieces, self.offset)
        except FileNotFoundError as error:
            self._lose(error)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        """What arrived of a request that was cut counts too."""
        try:
            if not isinstance(error, WrongOffset):
                self._end(error)
        finally:
            self._close()

    def receive(self, body: Iterable[bytes]) -> None:
        """Write it down as it comes. Raises WrongOffset once somebody else has taken over, and OSError (ENOSPC)."""
        counted_at = time.monotonic()
        try:
            for data in body:
                self._settle()
                if data:
                    self._write(data)
                if time.monotonic() - counted_at >= COUNT_SECONDS:
                    counted_at = time.monotonic()
                    self._count_along()
        finally:
            self._settle()

    def _write(self, data: bytes) -> None:
        """Begin to; the next bytes may arrive meanwhile."""
        if self._digest:
            self._digest.update(data)
        self._writing = len(data), ThreadTask(self._tail.write, data)

    def _settle(self) -> None:
        """Wait until all that was begun is written. Raises OSError."""
        if self._writing:
            size, written = self._writing
            written.result()
            self._writing = None
            self.offset += size

    def _continued(self) -> pieces.Pieces:
        """The pieces to write to: the same if the last writer has ended in order, else one more."""
        known = self.transfer.pieces
        if known and not self.transfer.writing:
            return known
        return [piece for piece in known if piece[1] < self.offset] + [[self._claim, self.offset]]

    def _count_along(self) -> None:
        """Count what is on disk, without waiting for the disk."""
        if self._syncing is None:
            self._syncing = self.offset, ThreadTask(self._tail.sync)
        elif self._syncing[1].is_done():
            position, synced = self._syncing
            self._syncing = None
            synced.result()
            self._count(self.counted if self._digest else position)
            release_connection()

    def _end(self, error: BaseException | None) -> None:
        if self._digest and (error or not self._digest.matches()):
            self._count(self.counted, writing=False)
            if error is None:
                raise ChecksumMismatch
        elif self.offset == self.transfer.length and not self.transfer.is_part:
            self._keep()
        else:
            run_in_thread(self._tail.sync)
            self._count(self.offset, writing=False)

    def _close(self) -> None:
        """Once no thread can write any more. Of a transfer that is over, leave no bytes."""
        for begun in (self._writing, self._syncing):
            if begun:
                with suppress(OSError):
                    begun[1].result()
        self._tail.close()
        if not Transfer.objects.filter(pk=self.transfer.pk, upload=None).exists():
            run_in_thread(pieces.remove, self.transfer.pk)

    def _count(self, offset: int, **values: Any) -> None:
        with _durably():
            if not self._mine().update(offset=offset, expires_at=self._expiry(), **values):
                raise WrongOffset
        self.counted = offset

    def _keep(self) -> None:
        """All of it is here. If it can't be kept, the last bytes don't count, so that they are sent again."""
        transfer, length = self.transfer, self.offset
        try:
            run_in_thread(self._tail.sync)
            path = run_in_thread(pieces.whole, transfer.pk, self._pieces, length, self._claim)
            upload = ingest.make_upload(transfer, path, self._claim)
            with ingest.stored(upload, path), _durably(), transaction.atomic():
                if not self._mine().update(offset=length, writing=False, reserved=0, upload=upload.pk):
                    raise WrongOffset
                ingest.record(upload)
        except WrongOffset:
            raise
        except FileNotFoundError as error:
            self._lose(error)
        except BaseException:
            self._count(self.counted, writing=False)
            raise
        self.counted = length
        transfer.upload = upload

    def _lose(self, error: FileNotFoundError) -> NoReturn:
        """Bytes that counted are gone, so that nobody can go on; unless they were somebody else's by now."""
        if not self._mine().update(expires_at=timezone.now(), writing=False):
            raise WrongOffset from error
        raise Lost from error

    def _expiry(self) -> datetime:
        self.transfer.expires_at = _expiry()
        return self.transfer.expires_at

    def _mine(self) -> TransferQuerySet:
        return Transfer.objects.filter(pk=self.transfer.pk, claim=self._claim, upload=None)


def join(owner: Any, part_ids: Sequence[UUID], *, name: str, metadata: str, concat: str) -> Transfer:
    """Make one file of these parts, which are used up by it. Raises NotJoinable, UploadRejected, and OSError (ENOSPC).

    Raises TooManyJobs too; then the parts stay, and can be joined later.
    """
    check_queue_limit(owner)
    parts = _parts(owner, part_ids)
    length = sum(part.offset for part in parts)
    limits.check_size(length)
    limits.check_disk(length)
    whole = Transfer(owner=owner, name=name, metadata=metadata, concat=concat, length=length, offset=length)
    whole.expires_at = _expiry()
    release_connection()
    try:
        files = [file for part in parts for file in pieces.parts_of(part.pk, part.pieces, part.offset)]
        path = run_in_thread(pieces.join, files, pieces.directory_of(whole.pk) / "joined")
        upload = ingest.make_upload(whole, path, whole.claim)
        with ingest.stored(upload, path), _durably(), transaction.atomic():
            if Transfer.objects.filter(pk__in=part_ids).delete()[0] < len(parts):
                raise NotJoinable("These parts have just been joined, or deleted, by another request.")
            ingest.record(upload)
            whole.upload = upload
            whole.save(force_insert=True)
    except FileNotFoundError as error:
        raise NotJoinable("Bytes of these parts are lost. Send them again.") from error
    finally:
        run_in_thread(pieces.remove, whole.pk)
    return whole


def _parts(owner: Any, part_ids: Sequence[UUID]) -> list[Transfer]:
    found = Transfer.objects.visible_to(owner).filter(is_part=True).in_bulk(part_ids)
    if len(set(part_ids)) < len(part_ids):
        raise NotJoinable("A part is named twice.")
    if len(found) < len(part_ids):
        raise NotJoinable("Some of these parts are not known. They may have been joined or deleted already.")
    if not all(part.is_complete and not part.is_expired for part in found.values()):
        raise NotJoinable("Some of these parts have not arrived yet.")
    return [found[part_id] for part_id in part_ids]


def _expiry() -> datetime:
    return timezone.now() + Transfer.LIFETIME


@contextmanager
def _durably() -> Iterator[None]:
    """What is committed in this block outlasts a power cut. SQLite leaves the last commits to chance otherwise."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous = FULL")
        try:
            yield
        finally:
            cursor.execute("PRAGMA synchronous = NORMAL")
