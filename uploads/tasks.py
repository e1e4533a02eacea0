"""Tasks of uploads. Each loads its object and calls the module that does the work."""

from typing import Any

from progress.reporter import Progress
from progress.tasks import TaskError, task
from uploads import processing
from uploads.models import Upload


@task(label="Processing {name}", max_attempts=3)
def process(progress: Progress, upload_id: str, name: str) -> dict[str, Any]:
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None:
        raise TaskError("deleted", "The file was deleted before it could be processed.")
    processing.process(upload, progress)
    return {"url": upload.get_absolute_url()}
