"""The pages of uploads, and the bytes behind them. All of it works by plain forms and links."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from uploads.forms import UploadForm
from uploads.listing import cursor_of, uploads_of
from uploads.models import Rendition, Transfer, Upload
from uploads.receiving import quota, transfers
from uploads.receiving.limits import takes_files
from uploads.storage import serving

PAGE_SIZE = 24


@takes_files
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """My files, newest first; a POST adds one, and shows it at work."""
    received = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*received, owner=request.user)
    if form.is_valid() and (upload := form.save()):
        return redirect(upload)
    unfinished = list(Transfer.objects.visible_to(request.user).unfinished())  # before the files that they may become
    cursor = request.GET.get("cursor", "")
    found = list(uploads_of(request.user, cursor)[: PAGE_SIZE + 1])
    shown = {
        "form": form,
        "uploads": found[:PAGE_SIZE],
        "cursor": cursor,
        "older": cursor_of(found[PAGE_SIZE - 1]) if len(found) > PAGE_SIZE else "",
        "unfinished": [transfer for transfer in unfinished if transfer.pk not in {upload.pk for upload in found}],
        "deleted": _just_deleted(request),
        "max_bytes": settings.MAX_UPLOAD_BYTES,
        "room": quota.free_bytes(request.user),
    }
    return render(request, "uploads/index.html", shown, status=form.status() if form.errors else 200)


@never_cache
@require_safe
def detail(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    return render(request, "uploads/detail.html", {"upload": _mine(request, upload_id)})


@never_cache
@require_safe
def card(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """One upload as the list shows it, for a page that wants to show its newest state without a reload."""
    return render(request, "uploads/_upload.html", {"upload": _mine(request, upload_id)})


@require_POST
def delete(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Put it into the trash, and offer to take that back."""
    upload = _mine(request, upload_id)
    upload.trash()
    if _wants_part(request):
        return render(request, "uploads/_deleted.html", {"upload": upload})
    return redirect(f"{reverse('uploads:index')}?deleted={upload.pk}")


@require_POST
def restore(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    upload = get_object_or_404(Upload.objects.filter(owner=request.user.pk).in_trash(), pk=upload_id)
    if not upload.restore():
        raise Http404
    if _wants_part(request):
        return render(request, "uploads/_upload.html", {"upload": _mine(request, upload_id)})
    return redirect("uploads:trash" if "trash" in request.POST else "uploads:index")


@require_POST
def discard(request: HttpRequest, transfer_id: UUID) -> HttpResponse:
    """Forget a file that is on its way here, with all of it that has arrived."""
    transfer = get_object_or_404(Transfer.objects.visible_to(request.user).unfinished(), pk=transfer_id)
    transfers.forget(transfer)
    messages.success(request, f"Discarded {transfer.name}.")
    return redirect("uploads:index")


@require_safe
def download(request: HttpRequest, upload_id: UUID) -> HttpResponseBase:
    upload = _mine(request, upload_id)
    return serving.download(request, upload.file, upload.name, upload.etag)


@require_safe
def rendition(request: HttpRequest, upload_id: UUID, page: int, width: int) -> HttpResponseBase:
    made = get_object_or_404(
        Rendition, upload__in=Upload.objects.visible_to(request.user), upload=upload_id, page=page, width=width
    )
    return serving.show(request, made.file, made.content_type, made.etag)


def _mine(request: HttpRequest, upload_id: UUID) -> Upload:
    return get_object_or_404(Upload.objects.visible_to(request.user).select_related("job"), pk=upload_id)


def _just_deleted(request: HttpRequest) -> Upload | None:
    """The upload that `delete` has led here from, while it can be had back."""
    try:
        upload_id = UUID(request.GET.get("deleted", ""))
    except ValueError:
        return None
    return Upload.objects.filter(owner=request.user.pk, pk=upload_id).in_trash().first()


def _wants_part(request: HttpRequest) -> bool:
    """Return whether htmx or a script of ours requests a fragment, which it puts into the page."""
    return bool(request.htmx)  # type: ignore[attr-defined]
