"""/api/uploads/: files for front ends that render by themselves."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from progress import job_json
from uploads.forms import UploadForm
from uploads.http.json_api import Refusal, page
from uploads.listing import cursor_of, uploads_of
from uploads.models import Rendition, Upload
from uploads.receiving.limits import takes_files

PAGE_SIZE = 50


@takes_files
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    return receive(request, UploadForm) if request.method == "POST" else _list(request)


@never_cache
@require_http_methods(["GET", "HEAD", "DELETE"])
def detail(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    upload = get_object_or_404(Upload.objects.visible_to(request.user).for_list(), pk=upload_id)
    if request.method == "DELETE":
        upload.delete()
        return HttpResponse(status=204)
    return JsonResponse(as_json(upload, request))


def as_json(upload: Upload, request: HttpRequest) -> dict[str, Any]:
    """The upload as the contract has it; the request says which host its URLs have."""
    job = upload.job if upload.job and not upload.job.is_gone else None
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
        "job": job_json.as_json(job, job_json.root_of(request)) if job else None,
        "created_at": upload.created_at,
    }


def _rendition_json(rendition: Rendition, request: HttpRequest) -> dict[str, Any]:
    return {
        "url": request.build_absolute_uri(rendition.get_absolute_url()),
        "width": rendition.width,
        "height": rendition.height,
        "size": rendition.size,
        "content_type": rendition.content_type,
    }


def receive(request: HttpRequest, judge: type[UploadForm]) -> HttpResponse:
    """202: the file is kept, and the job in the answer says how far what is done with it has come."""
    if request.content_type != "multipart/form-data":
        raise Refusal(415, 'Send the file as multipart/form-data, in a field named "file".')
    form = judge(request.POST, request.FILES, owner=request.user)
    if form.is_valid() and (upload := form.save()):
        body = as_json(upload, request)
        return JsonResponse(body, status=202, headers={"Location": body["url"]})
    if form.status() != 422:
        raise Refusal(form.status(), str(form.errors["file"][0]))
    raise ValidationError(form.errors.as_data())


def _list(request: HttpRequest) -> HttpResponse:
    uploads = uploads_of(request.user, request.GET.get("cursor", ""))
    return page(request, uploads, PAGE_SIZE, as_json, cursor_of)
