"""Pages of uploads, and the private files behind them. Every page works without JavaScript."""

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from progress.pagination import fetch_page
from progress.types import UserRequest
from uploads.forms import UploadForm
from uploads.listing import cursor_of, list_uploads
from uploads.models import Rendition, Transfer, Upload
from uploads.receiving import quota, transfers
from uploads.receiving.limits import accepts_files
from uploads.storage import serving

PAGE_SIZE = 24


@accepts_files
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: UserRequest) -> HttpResponse:
    """Show the user's uploads, newest first. A POST saves a file and redirects to its page."""
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*data, owner=request.user)
    if form.is_valid() and (upload := form.save()):
        return redirect(upload)
    # Queried before the uploads: a transfer that completes between the queries is then in both, and shown once.
    unfinished = list(Transfer.objects.visible_to(request.user).unfinished())
    cursor = request.GET.get("cursor", "")
    uploads, has_next = fetch_page(list_uploads(request.user, cursor), PAGE_SIZE)
    upload_ids = {upload.pk for upload in uploads}
    context = {
        "form": form,
        "uploads": uploads,
        "cursor": cursor,
        "older": cursor_of(uploads[-1]) if has_next else "",
        "unfinished": [transfer for transfer in unfinished if transfer.pk not in upload_ids],
        "deleted": _just_deleted(request),
        "max_bytes": settings.MAX_UPLOAD_BYTES,
        "free_bytes": quota.free_bytes(request.user),
        "quota_bytes": settings.USER_QUOTA_BYTES,
    }
    return render(request, "uploads/index.html", context, status=form.status() if form.errors else 200)


@never_cache
@require_safe
def detail(request: UserRequest, upload_id: UUID) -> HttpResponse:
    """Show a file with links to its neighbours in the list. The viewer of the list shows the file of this page too."""
    upload = _visible_upload(request, upload_id)
    others = Upload.objects.visible_to(request.user).only("name")
    neighbours = {
        "newer": others.newer_than(upload.created_at, upload.pk).last(),
        "older": others.older_than(upload.created_at, upload.pk).first(),
    }
    return render(request, "uploads/detail.html", {"upload": upload, **neighbours})


@never_cache
@require_safe
def card(request: UserRequest, upload_id: UUID) -> HttpResponse:
    """Render one card of the list, which a script swaps in when the job has finished."""
    return render(request, "uploads/_upload.html", {"upload": _visible_upload(request, upload_id)})


@require_POST
def delete(request: UserRequest, upload_id: UUID) -> HttpResponse:
    """Move the upload to the trash, and offer to undo the deletion."""
    upload = _visible_upload(request, upload_id)
    upload.trash()
    if _wants_fragment(request):
        return render(request, "uploads/_deleted.html", {"upload": upload})
    return redirect(f"{reverse('uploads:index')}?deleted={upload.pk}")


@require_POST
def restore(request: UserRequest, upload_id: UUID) -> HttpResponse:
    upload = get_object_or_404(Upload.objects.filter(owner=request.user).in_trash(), pk=upload_id)
    if not upload.restore():
        raise Http404
    if _wants_fragment(request):
        return render(request, "uploads/_upload.html", {"upload": _visible_upload(request, upload_id)})
    return redirect("uploads:index")


@require_POST
def discard(request: UserRequest, transfer_id: UUID) -> HttpResponse:
    """Delete an unfinished transfer with all bytes received so far."""
    transfer = get_object_or_404(Transfer.objects.visible_to(request.user).unfinished(), pk=transfer_id)
    transfers.terminate(transfer)
    messages.success(request, f"Discarded {transfer.name}.")
    return redirect("uploads:index")


@require_safe
def download(request: UserRequest, upload_id: UUID) -> HttpResponseBase:
    upload = _visible_upload(request, upload_id)
    return serving.download(request, upload.file, upload.name, upload.etag)


@require_safe
def rendition(request: UserRequest, upload_id: UUID, page: int, width: int) -> HttpResponseBase:
    picture = get_object_or_404(
        Rendition, upload__in=Upload.objects.visible_to(request.user), upload=upload_id, page=page, width=width
    )
    return serving.show_inline(request, picture.file, picture.content_type, picture.etag)


def _visible_upload(request: UserRequest, upload_id: UUID) -> Upload:
    return get_object_or_404(Upload.objects.visible_to(request.user).select_related("job"), pk=upload_id)


def _just_deleted(request: UserRequest) -> Upload | None:
    """Return the upload that `delete` redirected from, as long as it can be restored."""
    try:
        upload_id = UUID(request.GET.get("deleted", ""))
    except ValueError:
        return None
    return Upload.objects.filter(owner=request.user, pk=upload_id).in_trash().first()


def _wants_fragment(request: UserRequest) -> bool:
    """Return whether htmx, or one of our scripts, sent the request and replaces only a part of the page."""
    return bool(request.htmx)  # type: ignore[attr-defined]
