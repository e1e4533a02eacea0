"""The background tasks of to-dos."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from progress.reporter import Progress
from progress.tasks import TaskError, task
from todos.import_export import importing
from todos.time_zones import get_time_zone
from uploads.models import Upload


@task(label="Importing {name}", max_attempts=3)
def import_file(progress: Progress, upload_id: str, name: str, time_zone: str = "") -> dict[str, Any]:
    """Import a file. Its dates are those of the time zone with this IANA name, by default of UTC."""
    upload = Upload.objects.select_related("owner").filter(pk=upload_id, deleted_at=None).first()
    if upload is None:
        raise TaskError("deleted", "The file was deleted before it could be imported.")
    with timezone.override(get_time_zone(time_zone)):
        report = importing.import_upload(upload, progress)
    counts = {name: number for name, number in report.items() if not name.endswith("_rows")}
    return {"url": reverse("todos:import-detail", args=[upload.pk]), **counts}
