"""What nobody will come back for is deleted, by a schedule of Django-Q2's.

A file on its way here whose next byte doesn't come expires: its bytes go at once, and its row stays for a while, to
answer 410 to who comes late rather than the 404 of what never was. What is in the trash goes for good after a time.
"""

import time
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from progress.retention import delete_in_batches, ensure_schedule
from uploads.models import Transfer, Upload
from uploads.receiving import pieces

TRASH_KEPT = timedelta(hours=1)
KEPT_AFTER = timedelta(days=7)
LEFTOVER_SECONDS = 24 * 3600.0
"""The age of a temporary file whose process must have ended long ago."""

MINUTES = 10
AT_ONCE = 1000
NAME = "uploads: delete what nobody will come back for"


def prune() -> None:
    """Delete all that is due."""
    now = timezone.now()
    for transfer in Transfer.objects.expired().exclude(pieces=[], reserved=0):
        _forget_bytes(transfer)
    delete_in_batches(Transfer.objects.filter(expires_at__lt=now - KEPT_AFTER), AT_ONCE)
    delete_in_batches(Upload.objects.filter(deleted_at__lt=now - TRASH_KEPT), 1)
    for path in settings.FILE_UPLOAD_TEMP_DIR.glob("*.upload*"):  # as a killed process leaves them
        if time.time() - path.stat().st_mtime > LEFTOVER_SECONDS:
            path.unlink(missing_ok=True)


def create_schedules(**kwargs: object) -> None:
    """Have it done every few minutes; called after each migration."""
    ensure_schedule(NAME, "uploads.retention.prune", MINUTES)


def _forget_bytes(transfer: Transfer) -> None:
    """Unless it has just been gone on with. Whoever comes now begins again, under the newest claim."""
    expired = Transfer.objects.expired().filter(pk=transfer.pk, claim=transfer.claim)
    if expired.update(claim=transfer.claim + 1, pieces=[], reserved=0):
        pieces.remove(transfer.pk)
