"""Views of import and export: the page for both, the page of one import, and the API.

An import is an upload with its own kind of job. The package `formats` defines the file formats.
"""

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import BadRequest, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from progress.sizes import size
from progress.types import UserRequest
from todos import tasks
from todos.formats import FORMATS
from todos.formats.parsing.rows import EMPTY
from todos.import_export import exporting, importing
from todos.undo import Batch
from uploads.api import accept_upload
from uploads.forms import UploadForm
from uploads.models import Upload
from uploads.receiving.limits import accepts_files_up_to

MAX_BYTES = min(importing.MAX_BYTES, settings.MAX_UPLOAD_BYTES)


class ImportForm(UploadForm):
    """Upload form that checks the size and format of a file to be imported, without reading its rows."""

    task = tasks.import_file

    def task_arguments(self) -> dict[str, Any]:
        return {"time_zone": str(timezone.get_current_timezone())}

    def clean_file(self) -> "UploadedFile[bytes]":
        file = super().clean_file()
        if not file.size:
            raise ValidationError(EMPTY)
        if (file.size or 0) > MAX_BYTES:
            text = f"This file is larger than {size(MAX_BYTES)}, the limit for imports. Split the file."
            raise ValidationError(text, code="too_large")
        if importing.find_format(file.name or "", file) is None:
            raise ValidationError(importing.unknown_format_message(file), code="unknown_format")
        return file

    def status(self) -> int:
        return 415 if self.has_error("file", "unknown_format") else super().status()


@accepts_files_up_to(MAX_BYTES)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: UserRequest) -> HttpResponse:
    """Show the exports and the form for imports. A POST imports a file and redirects to the page of the import."""
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ImportForm(*data, owner=request.user)
    if form.is_valid() and (upload := form.save()):
        return redirect("todos:import-detail", upload.pk)
    context = {"form": form, "max_bytes": MAX_BYTES, "max_rows": importing.MAX_ROWS}
    return render(request, "todos/import.html", context, status=form.status() if form.errors else 200)


@never_cache
@require_safe
def detail(request: UserRequest, upload_id: UUID) -> HttpResponse:
    """Show the progress of an import, and then its report."""
    is_import = Q(metadata__has_key=importing.REPORT) | Q(job__task=tasks.import_file.name)
    uploads = Upload.objects.visible_to(request.user).select_related("job")
    upload = get_object_or_404(uploads.filter(is_import), pk=upload_id)
    report = upload.metadata.get(importing.REPORT)
    context = {"upload": upload, "report": report, "batch": Batch.named(request.user, str(upload.pk))}
    return render(request, "todos/import_detail.html", context)


@accepts_files_up_to(MAX_BYTES)
@never_cache
@require_POST
def api_import(request: UserRequest) -> HttpResponse:
    """Import a file. The metadata of the upload contains the report after the job has succeeded."""
    return accept_upload(request, ImportForm)


@never_cache
@require_safe
def api_export(request: UserRequest) -> HttpResponseBase:
    """Stream the list as a file."""
    format = FORMATS.get(request.GET.get("format", ""))
    if format is None:
        raise BadRequest(f"Choose a format: ?format={', '.join(FORMATS)}.")
    rows = exporting.export_rows(request.user) if request.method == "GET" else ()
    name = f"todos-{timezone.localdate()}.{format.name}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    blocks = _in_time_zone(timezone.get_current_timezone(), format.write(rows))
    return StreamingHttpResponse(blocks, content_type=format.content_type, headers=headers)


def _in_time_zone(zone: tzinfo, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Generate the blocks in this time zone: the middleware resets the current one before a response is streamed."""
    while True:
        with timezone.override(zone):
            block = next(blocks, None)
        if block is None:
            return
        yield block
