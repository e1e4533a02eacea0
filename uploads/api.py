"""JSON API of uploads: /api/uploads/."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from progress import job_json
from progress.types import UserRequest
from uploads.forms import UploadForm
from uploads.http.json_api import ApiError, list_response
from uploads.listing import FileList
from uploads.models import Rendition, Upload
from uploads.receiving.limits import accepts_files

PAGE_SIZE = 50


@accepts_files
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: UserRequest) -> HttpResponse:
    return accept_upload(request, UploadForm) if request.method == "POST" else _list(request)


@never_cache
@require_http_methods(["GET", "HEAD", "DELETE"])
def detail(request: UserRequest, upload_id: UUID) -> HttpResponse:
    upload = get_object_or_404(Upload.objects.visible_to(request.user).for_list(), pk=upload_id)
    if request.method == "DELETE":
        upload.delete()
        return HttpResponse(status=204)
    return JsonResponse(as_json(upload, request))


def as_json(upload: Upload, request: UserRequest) -> dict[str, Any]:
    """Return the upload's JSON object. The request determines the scheme and host of its URLs."""
    job = upload.job if upload.job and not upload.job.has_expired else None
    return {
        "id": upload.pk,
        "url": request.build_absolute_uri(reverse("uploads:api-detail", args=[upload.pk])),
        "name": upload.name,
        "size": upload.size,
        "content_type": upload.content_type,
        "sha256": upload.sha256 or None,
        "metadata": upload.metadata,
        "download_url": request.build_absolute_uri(reverse("uploads:download", args=[upload.pk])),
        "renditions": [_rendition_json(rendition, request) for rendition in upload.renditions.all()],
        "job": job_json.as_json(job, job_json.jobs_url(request)) if job else None,
        "created_at": upload.created_at,
    }


def _rendition_json(rendition: Rendition, request: UserRequest) -> dict[str, Any]:
    return {
        "url": request.build_absolute_uri(rendition.get_absolute_url()),
        "width": rendition.width,
        "height": rendition.height,
        "size": rendition.size,
        "content_type": rendition.content_type,
    }


def accept_upload(request: UserRequest, form_class: type[UploadForm]) -> HttpResponse:
    """Save the file of a multipart form and return 202 with the upload and its queued job.

    Raise ApiError for a wrong media type or a file that is too large, and ValidationError.
    """
    if request.content_type != "multipart/form-data":
        raise ApiError(415, 'Send the file as multipart/form-data, in a field named "file".')
    form = form_class(request.POST, request.FILES, owner=request.user)
    if form.is_valid() and (upload := form.save()):
        body = as_json(upload, request)
        return JsonResponse(body, status=202, headers={"Location": body["url"]})
    if form.status() != 422:
        raise ApiError(form.status(), str(form.errors["file"][0]))
    raise ValidationError(form.errors.as_data())


def _list(request: UserRequest) -> HttpResponse:
    files = FileList.of(request.user, request.GET.dict(), strict=True)
    uploads = files.after(request.GET.get("cursor", ""))
    return list_response(request, uploads, PAGE_SIZE, as_json, files.cursor_of)
