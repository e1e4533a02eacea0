"""Scheduled deletion of expired transfers, old trash and leftover temporary files, and correction of the search text.

The bytes of an expired transfer are deleted first. Its row stays for a while, so that a late request gets 410 (gone)
instead of 404.
"""

import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from progress.retention import delete_in_batches, ensure_schedule
from uploads.models import Transfer, Upload
from uploads.receiving import pieces

TRASH_RETENTION = timedelta(days=30)
"""How long the trash keeps files and to-dos. Files are deleted earlier if a new file needs their space."""

KEEP_EXPIRED = timedelta(days=7)
"""How long the row of a transfer stays after its expiry."""

LEFTOVER_SECONDS = 24 * 3600.0
"""The age at which a temporary file is deleted: the process that wrote it must have ended long before."""

INTERVAL_MINUTES = 10
BATCH_SIZE = 1000
NAME = "uploads: delete expired transfers and the trash"


def prune() -> None:
    """Delete the bytes of expired transfers, and rows and files whose retention has ended.

    Also set missing folded names: a release without that field creates uploads until an upgrade restarts the site, and
    after a rollback.
    """
    now = timezone.now()
    for transfer in Transfer.objects.expired().exclude(pieces=[], reserved=0):
        _delete_bytes(transfer)
    delete_in_batches(Transfer.objects.filter(expires_at__lt=now - KEEP_EXPIRED), BATCH_SIZE)
    delete_in_batches(Upload.objects.filter(deleted_at__lt=now - TRASH_RETENTION), 1)
    Upload.objects.refold()
    for path in settings.FILE_UPLOAD_TEMP_DIR.glob("*.upload*"):  # left behind by killed processes
        if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
            path.unlink(missing_ok=True)


def create_schedules(**kwargs: object) -> None:
    """Create or update the schedule. Called after each migration."""
    ensure_schedule(NAME, "uploads.retention.prune", INTERVAL_MINUTES)


def _delete_bytes(transfer: Transfer) -> None:
    """Delete the pieces, unless a request has resumed the transfer. The new claim invalidates those of old writers."""
    expired = Transfer.objects.expired().filter(pk=transfer.pk, claim=transfer.claim)
    if expired.update(claim=transfer.claim + 1, pieces=[], reserved=0):
        pieces.remove(transfer.pk)
