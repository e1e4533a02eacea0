"""Import and export: the page of both, the page of one import, and the same for programs.

An import is an upload whose job is another one than most have. What formats there are is the business of `formats/`.
"""

from collections.abc import Iterator
from datetime import tzinfo
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import BadRequest, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
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
from uploads.receiving.limits import takes_files_of

MOST_BYTES = min(importing.MOST_BYTES, settings.MAX_UPLOAD_BYTES)


class ImportForm(UploadForm):
    """The judge of a file that is to be imported, as far as can be said before it is read."""

    task = tasks.import_file

    def task_arguments(self) -> dict[str, Any]:
        return {"time_zone": str(timezone.get_current_timezone())}

    def clean_file(self) -> UploadedFile:
        file = super().clean_file()
        if not file.size:
            raise ValidationError(EMPTY)
        if (file.size or 0) > MOST_BYTES:
            text = f"The file is too large to be imported: at most {size(MOST_BYTES)} are taken. Split it."
            raise ValidationError(text, code="too_large")
        if importing.find_format(file.name or "", file) is None:
            raise ValidationError(importing.why_unknown(file), code="unknown_format")
        return file

    def status(self) -> int:
        return 415 if self.has_error("file", "unknown_format") else super().status()


@takes_files_of(MOST_BYTES)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: UserRequest) -> HttpResponse:
    """All ways out of the list and into it; a POST imports a file, and shows how far that has come."""
    received = (request.POST, request.FILES) if request.method == "POST" else ()
    form = ImportForm(*received, owner=request.user)
    if form.is_valid() and (upload := form.save()):
        return redirect("todos:import-detail", upload.pk)
    shown = {"form": form, "most_bytes": MOST_BYTES, "most_rows": importing.MOST_ROWS}
    return render(request, "todos/import.html", shown, status=form.status() if form.errors else 200)


@never_cache
@require_safe
def detail(request: UserRequest, upload_id: UUID) -> HttpResponse:
    """One import: how far it has come, and then what came of it."""
    is_import = Q(metadata__has_key=importing.REPORT) | Q(job__task=tasks.import_file.name)
    mine = Upload.objects.visible_to(request.user).select_related("job")
    upload = get_object_or_404(mine.filter(is_import), pk=upload_id)
    report = upload.metadata.get(importing.REPORT)
    shown = {"upload": upload, "report": report, "batch": Batch.named(request.user, str(upload.pk))}
    return render(request, "todos/import_detail.html", shown)


@takes_files_of(MOST_BYTES)
@never_cache
@require_POST
def api_import(request: UserRequest) -> HttpResponse:
    """The report is found among the metadata of the upload, once its job has succeeded."""
    return accept_upload(request, ImportForm)


@never_cache
@require_safe
def api_export(request: HttpRequest) -> HttpResponseBase:
    """The list as a file, which is made while it is sent."""
    format = FORMATS.get(request.GET.get("format", ""))
    if format is None:
        raise BadRequest(f"Say in which format: ?format={', '.join(FORMATS)}.")
    rows = exporting.rows_of(request.user) if request.method == "GET" else ()
    name = f"todos-{timezone.localdate()}.{format.name}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    blocks = _in_time_zone(timezone.get_current_timezone(), format.write(rows))
    return StreamingHttpResponse(blocks, content_type=format.content_type, headers=headers)


def _in_time_zone(zone: tzinfo, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Make each block in this time zone: a response is streamed after the middleware has reset the current one."""
    while True:
        with timezone.override(zone):
            block = next(blocks, None)
        if block is None:
            return
        yield block
