"""Deletion of what belongs to a deleted row: the bytes in the storage, the pieces on disk, and the job.

These are signal handlers, because cascading deletes don't call a model's `delete()`.
"""

from functools import partial
from typing import Any

from django.db import transaction
from django.db.models.signals import post_delete

from progress.models import Job
from uploads.models import Rendition, Transfer, Upload
from uploads.receiving import pieces


def connect() -> None:
    """Connect the signal handlers. Called once, when Django starts."""
    post_delete.connect(delete_bytes, sender=Upload)
    post_delete.connect(delete_bytes, sender=Rendition)
    post_delete.connect(delete_job, sender=Upload)
    post_delete.connect(delete_pieces, sender=Transfer)


def delete_bytes(instance: Upload | Rendition, **kwargs: Any) -> None:
    """Delete the bytes once the transaction is committed.

    If the storage is unavailable, the rows stay deleted, and `uploads_fsck` finds the bytes.
    """

    def delete() -> None:
        instance.file.delete(save=False)

    transaction.on_commit(delete, robust=True)


def delete_pieces(instance: Transfer, **kwargs: Any) -> None:
    transaction.on_commit(partial(pieces.remove, instance.pk))  # Django sets `pk` to None after this handler


def delete_job(instance: Upload, **kwargs: Any) -> None:
    """Delete the upload's job. A worker that is running it stops at its next write."""
    if instance.job_id:
        Job.objects.filter(pk=instance.job_id).delete()
