"""The judge of what is uploaded, for the page and for the API."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from uploads import receiving
from uploads.limits import too_large
from uploads.models import Upload


class UploadForm(forms.Form):
    file = forms.FileField(
        label="File",
        error_messages={
            "required": "Choose a file first.",
            "empty": "The file is empty: it has 0 bytes.",
            "missing": "Choose a file first.",
        },
    )

    def __init__(self, *args: Any, owner: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner

    def clean_file(self) -> UploadedFile:
        file = self.cleaned_data["file"]
        if reason := too_large(self.owner, file.size):
            raise forms.ValidationError(reason, code="too_large")
        return file

    def status(self) -> int:
        """The HTTP status that goes with the errors."""
        return 413 if self.has_error("file", "too_large") else 422

    def save(self) -> Upload:
        return receiving.receive(self.owner, self.cleaned_data["file"])
