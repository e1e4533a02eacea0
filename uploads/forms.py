"""The judge of what is uploaded, for the page and for the API.

Who has a use of their own for a file makes a form of this one, with another task and a judgement of its own.
"""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from progress.tasks import Task, check_queue_limit
from uploads import tasks
from uploads.models import Upload
from uploads.receiving import ingest
from uploads.receiving.limits import UploadRejected, check_size
from uploads.receiving.quota import check_quota


class UploadForm(forms.Form):
    task: Task = tasks.process
    """What is done with the file once it is kept."""

    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        error_messages={
            "required": "Choose a file first.",
            "missing": "Choose a file first.",
        },
    )

    def __init__(self, *args: Any, owner: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner

    def clean_file(self) -> UploadedFile:
        """Check the size, and whether a job for the file may be queued. Raises TooManyJobs."""
        check_queue_limit(self.owner)
        file = self.cleaned_data["file"]
        try:
            check_size(file.size)
            check_quota(self.owner, file.size)
        except UploadRejected as reason:
            raise forms.ValidationError(str(reason), code="too_large") from None
        return file

    def task_arguments(self) -> dict[str, Any]:
        """Return the arguments of the task besides the id and name of the upload."""
        return {}

    def status(self) -> int:
        """The HTTP status that goes with the errors."""
        return 413 if self.has_error("file", "too_large") else 422

    def save(self) -> Upload | None:
        """Keep the file; None, and an error in the form, if others have taken the room meanwhile."""
        try:
            return ingest.create_upload(self.owner, self.cleaned_data["file"], self.task, **self.task_arguments())
        except UploadRejected as reason:
            self.add_error("file", forms.ValidationError(str(reason), code="too_large"))
            return None
