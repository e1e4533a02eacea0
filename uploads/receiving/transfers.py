"""Transfers: created, written by the request with the newest claim, concatenated, and turned into uploads.

An offset is acknowledged only when its bytes are on disk and in the database. The last byte is acknowledged in the
transaction that creates the upload and its job, so a transfer whose offset is its length has become an upload.

This module doesn't handle HTTP: `receiving/tus.py` is the protocol, `receiving/pieces.py` the files on disk.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, NoReturn, Protocol, Self
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from progress.connections import release_connection
from progress.tasks import check_queue_limit
from uploads.models import Transfer, TransferQuerySet, Upload
from uploads.receiving import ingest, limits, pieces, quota
from uploads.threads import ThreadTask, run_in_thread

MAX_PENDING = 1000
"""Pending transfers of one user, partial ones included: each takes a row, even without any bytes."""

ACKNOWLEDGE_SECONDS = 1.0
"""How often received bytes are synced and acknowledged while a request sends more."""


class OffsetConflict(Exception):
    """The transfer has another offset, or another request writes to it by now."""


class ChecksumMismatch(Exception):
    """The received bytes don't match their checksum, so they are not acknowledged."""


class ConcatenationError(Exception):
    """The partial transfers can't be concatenated. The message says why."""


class TooManyTransfers(Exception):
    """The user has MAX_PENDING pending transfers."""


class BytesLost(Exception):
    """Acknowledged bytes are missing on the disk."""


class Digest(Protocol):
    """The checksum of the bytes of one request, with its expected value."""

    def update(self, data: bytes) -> None: ...
    def matches(self) -> bool: ...


def create(
    owner: User, *, length: int | None, name: str, metadata: str, concat: str = "", is_part: bool = False
) -> Transfer:
    """Create a transfer of a file of `length` bytes, or of unknown length.

    Raise TooManyTransfers, TooManyJobs, UploadRejected, and OSError (ENOSPC).
    """
    check_queue_limit(owner)  # now, rather than after all bytes have been sent
    if Transfer.objects.visible_to(owner).pending().count() >= MAX_PENDING:
        raise TooManyTransfers
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
def reserve(transfer: Transfer, *, length: int | None, end: int) -> None:
    """Record the length if it is known now, and reserve quota up to `end`. Raise UploadRejected, OffsetConflict."""
    reserved = max(transfer.reserved, end) if length is None else length
    limits.check_size(reserved)
    quota.reserve(transfer.owner, reserved - transfer.reserved)
    unchanged = Transfer.objects.filter(pk=transfer.pk, length=None, reserved=transfer.reserved, offset__lte=reserved)
    if not unchanged.update(length=length, reserved=reserved):
        raise OffsetConflict
    transfer.length, transfer.reserved = length, reserved


@transaction.atomic
def terminate(transfer: Transfer) -> None:
    """Delete the transfer, or the upload that it has become, even if it became the upload during this request.

    Lock either the transfer or the upload, never one after the other: deleting an upload locks them in the other order.
    """
    unfinished = Transfer.objects.select_for_update().filter(pk=transfer.pk, upload=None).first()
    if found := unfinished or Upload.objects.filter(pk=transfer.pk).first():
        found.delete()


class Writer:
    """Writes the body of one request to a transfer, under the newest claim.

    Use it as a context manager. At its end all received bytes are acknowledged, also those of an interrupted request;
    with a digest only if the whole body was received and matches.
    """

    def __init__(self, transfer: Transfer, offset: int, digest: Digest | None = None) -> None:
        """Claim the transfer, which ends the claim of any other writer. Raise OffsetConflict."""
        self.transfer = transfer
        self.offset = offset
        self.acknowledged = offset
        self._digest = digest
        self._claim = transfer.claim + 1
        self._pieces = self._pieces_to_write()
        self._writing: tuple[int, ThreadTask[None]] | None = None
        self._syncing: tuple[int, ThreadTask[None]] | None = None
        unclaimed = Transfer.objects.filter(pk=transfer.pk, claim=transfer.claim, offset=offset, upload=None)
        if not unclaimed.update(claim=self._claim, writing=True, pieces=self._pieces, expires_at=self._expiry()):
            raise OffsetConflict

    def __enter__(self) -> Self:
        """Open the newest piece. Raise BytesLost, or OffsetConflict if another request has claimed the transfer."""
        release_connection()
        try:
            self._piece = run_in_thread(pieces.PieceWriter, self.transfer.pk, self._pieces, self.offset)
        except FileNotFoundError as error:
            self._expire(error)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        try:
            if not isinstance(error, OffsetConflict):
                self._finish(error)
        finally:
            self._close()

    def receive(self, body: Iterable[bytes]) -> None:
        """Write each chunk as it is received. Raise OffsetConflict after another claim, and OSError (ENOSPC)."""
        acknowledged_at = time.monotonic()
        try:
            for data in body:
                self._wait_for_write()
                if data:
                    self._write(data)
                if time.monotonic() - acknowledged_at >= ACKNOWLEDGE_SECONDS:
                    acknowledged_at = time.monotonic()
                    self._acknowledge_synced()
        finally:
            self._wait_for_write()

    def _write(self, data: bytes) -> None:
        """Start writing in a worker thread, so that the next bytes can be received at the same time."""
        if self._digest:
            self._digest.update(data)
        self._writing = len(data), ThreadTask(self._piece.write, data)

    def _wait_for_write(self) -> None:
        """Wait until the started write is done. Raise OSError."""
        if self._writing:
            size, written = self._writing
            written.result()
            self._writing = None
            self.offset += size

    def _pieces_to_write(self) -> pieces.Pieces:
        """Return the pieces, with a new one if the last writer may still be writing to the newest."""
        known: pieces.Pieces = self.transfer.pieces
        if known and not self.transfer.writing:
            return known
        return [piece for piece in known if piece[1] < self.offset] + [[self._claim, self.offset]]

    def _acknowledge_synced(self) -> None:
        """Acknowledge the bytes that are on disk, without waiting for the disk."""
        if self._syncing is None:
            self._syncing = self.offset, ThreadTask(self._piece.sync)
        elif self._syncing[1].is_done():
            position, synced = self._syncing
            self._syncing = None
            synced.result()
            self._acknowledge(self.acknowledged if self._digest else position)
            release_connection()

    def _finish(self, error: BaseException | None) -> None:
        if self._digest and (error or not self._digest.matches()):
            self._acknowledge(self.acknowledged, writing=False)
            if error is None:
                raise ChecksumMismatch
        elif self.offset == self.transfer.length and not self.transfer.is_part:
            self._complete()
        else:
            run_in_thread(self._piece.sync)
            self._acknowledge(self.offset, writing=False)

    def _close(self) -> None:
        """Close the piece when no thread uses it any more. Delete all pieces if the transfer has ended."""
        for started in (self._writing, self._syncing):
            if started:
                with suppress(OSError):
                    started[1].result()
        self._piece.close()
        if not Transfer.objects.filter(pk=self.transfer.pk, upload=None).exists():
            run_in_thread(pieces.remove, self.transfer.pk)

    def _acknowledge(self, offset: int, **values: Any) -> None:
        with _durably():
            if not self._claimed().update(offset=offset, expires_at=self._expiry(), **values):
                raise OffsetConflict
        self.acknowledged = offset

    def _complete(self) -> None:
        """Turn the transfer into an upload. If that fails, don't acknowledge the last bytes, which are then resent."""
        transfer, length = self.transfer, self.offset
        try:
            run_in_thread(self._piece.sync)
            path = run_in_thread(pieces.assemble, transfer.pk, self._pieces, length, self._claim)
            upload = ingest.make_upload(transfer, path, self._claim)
            with ingest.stored(upload, path), _durably(), transaction.atomic():
                if not self._claimed().update(offset=length, writing=False, reserved=0, upload=upload.pk):
                    raise OffsetConflict
                ingest.record(upload)
        except OffsetConflict:
            raise
        except FileNotFoundError as error:
            self._expire(error)
        except BaseException:
            self._acknowledge(self.acknowledged, writing=False)
            raise
        self.acknowledged = length
        transfer.upload = upload

    def _expire(self, error: FileNotFoundError) -> NoReturn:
        """Expire the transfer, whose acknowledged bytes are missing, and raise BytesLost; or OffsetConflict."""
        if not self._claimed().update(expires_at=timezone.now(), writing=False):
            raise OffsetConflict from error
        raise BytesLost from error

    def _expiry(self) -> datetime:
        self.transfer.expires_at = _expiry()
        return self.transfer.expires_at

    def _claimed(self) -> TransferQuerySet:
        return Transfer.objects.filter(pk=self.transfer.pk, claim=self._claim, upload=None)


def concatenate(owner: User, part_ids: Sequence[UUID], *, name: str, metadata: str, concat: str) -> Transfer:
    """Make an upload of these partial transfers, and delete them. After an error they stay, and can be used later.

    Raise ConcatenationError, UploadRejected, TooManyJobs, and OSError (ENOSPC).
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
        files = [file for part in parts for file in pieces.files_of(part.pk, part.pieces, part.offset)]
        path = run_in_thread(pieces.concatenate, files, pieces.directory_of(whole.pk) / "joined")
        upload = ingest.make_upload(whole, path, whole.claim)
        with ingest.stored(upload, path), _durably(), transaction.atomic():
            if Transfer.objects.filter(pk__in=part_ids).delete()[0] < len(parts):
                raise ConcatenationError("Another request has just concatenated or deleted these parts.")
            ingest.record(upload)
            whole.upload = upload
            whole.save(force_insert=True)
    except FileNotFoundError as error:
        raise ConcatenationError("Bytes of these parts were lost on the server. Send them again.") from error
    finally:
        run_in_thread(pieces.remove, whole.pk)
    return whole


def _parts(owner: User, part_ids: Sequence[UUID]) -> list[Transfer]:
    found = Transfer.objects.visible_to(owner).filter(is_part=True).in_bulk(part_ids)
    if len(set(part_ids)) < len(part_ids):
        raise ConcatenationError("The same part is listed twice.")
    if len(found) < len(part_ids):
        raise ConcatenationError("Some of these parts don't exist. They may have been concatenated or deleted already.")
    if not all(part.is_complete and not part.is_expired for part in found.values()):
        raise ConcatenationError("Some of these parts are incomplete.")
    return [found[part_id] for part_id in part_ids]


def _expiry() -> datetime:
    return timezone.now() + Transfer.LIFETIME


@contextmanager
def _durably() -> Iterator[None]:
    """Make commits in this block survive a power failure. SQLite may lose the last commits otherwise."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous = FULL")
        try:
            yield
        finally:
            cursor.execute("PRAGMA synchronous = NORMAL")
