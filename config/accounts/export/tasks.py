"""The task that makes an export, and its start."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.urls import reverse

from config.accounts.export import storing
from config.models import Export
from progress.reporter import Progress
from progress.tasks import TaskError, task
from uploads.locks import lock_owner

TIME_LIMIT = 6 * 3600.0
"""Seconds, enough for a terabyte at 50 MB/s."""


@task(label="Exporting everything", max_attempts=3, time_limit=TIME_LIMIT)
def export_everything(progress: Progress, export_id: str) -> dict[str, Any]:
    export = Export.objects.select_related("owner").filter(pk=export_id).first()
    if export is None:
        raise TaskError("deleted", "This export has been deleted. Start a new one on the settings page.")
    counts = storing.make(export, progress)
    return {"url": reverse("export"), **counts._asdict()}


@transaction.atomic
def start(owner: User) -> Export:
    """Enqueue an export, which replaces the owner's last one. If one is waiting or running, return that instead."""
    lock_owner(owner)
    last = Export.objects.filter(owner=owner).select_related("job").first()
    if last and last.is_running:
        return last
    if last:
        last.delete()
    export = Export(owner=owner)
    export.file.name = export.stored_name
    export.job = export_everything.enqueue(owner=owner, export_id=export.pk)
    export.save(force_insert=True)
    return export
