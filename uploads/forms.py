"""Form of one uploaded file, for the page and the API. Other apps subclass it, with a task and checks of their own."""

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile

from progress.tasks import Task, check_queue_limit
from uploads import tasks
from uploads.models import Upload
from uploads.receiving import ingest
from uploads.receiving.limits import UploadRejected, check_size
from uploads.receiving.quota import check_quota


class UploadForm(forms.Form):
    task: Task = tasks.process
    """The task of the upload's job."""

    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        error_messages={
            "required": "Choose a file first.",
            "missing": "Choose a file first.",
        },
    )

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner

    def clean_file(self) -> "UploadedFile[bytes]":
        """Check the size, and whether a job for the file may be queued. Raise TooManyJobs."""
        check_queue_limit(self.owner)
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        try:
            check_size(file.size or 0)
            check_quota(self.owner, file.size or 0)
        except UploadRejected as reason:
            raise forms.ValidationError(str(reason), code="too_large") from None
        return file

    def task_arguments(self) -> dict[str, Any]:
        """Return the arguments of the task besides the id and name of the upload."""
        return {}

    def status(self) -> int:
        """Return the HTTP status of a response with the errors of this form."""
        return 413 if self.has_error("file", "too_large") else 422

    def save(self) -> Upload | None:
        """Store the file. If another upload has used up the quota since validation, add an error and return None."""
        try:
            return ingest.create_upload(self.owner, self.cleaned_data["file"], self.task, **self.task_arguments())
        except UploadRejected as reason:
            self.add_error("file", forms.ValidationError(str(reason), code="too_large"))
            return None
