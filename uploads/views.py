"""Pages of uploads, and the private files behind them. Every page works without JavaScript."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
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
from uploads.listing import ORDERS, FileList
from uploads.models import Rendition, Transfer, Upload
from uploads.receiving import quota, transfers
from uploads.receiving.limits import accepts_files
from uploads.selection import MAX_SELECTED, selected_uploads
from uploads.storage import archive, serving

PAGE_SIZE = 24
VIEWS = {"grid": ("Grid", "layout-grid"), "list": ("List", "list")}
"""Label and icon of each way to show the list."""

VIEW_COOKIE = "files_view"
VIEW_COOKIE_AGE = timedelta(days=365)


@accepts_files
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: UserRequest) -> HttpResponse:
    """Show the user's uploads as a grid or a list. A POST saves a file and redirects to its page."""
    data = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*data, owner=request.user)
    if form.is_valid() and (upload := form.save()):
        return redirect(upload)
    # Queried before the uploads: a transfer that completes between the queries is then in both, and shown once.
    unfinished = list(Transfer.objects.visible_to(request.user).unfinished())
    cursor = request.GET.get("cursor", "")
    files = FileList.of(request.user, request.GET.dict())
    uploads, has_next = fetch_page(files.after(cursor), PAGE_SIZE)
    upload_ids = {upload.pk for upload in uploads}
    context = {
        "form": form,
        "uploads": uploads,
        "files": files,
        "orders": ORDERS,
        "view": _view(request),
        "views": VIEWS,
        "cursor": cursor,
        "next_cursor": files.cursor_of(uploads[-1]) if has_next else "",
        "max_selected": MAX_SELECTED,
        "unfinished": [transfer for transfer in unfinished if transfer.pk not in upload_ids],
        **_just_deleted(request),
        "max_bytes": settings.MAX_UPLOAD_BYTES,
        "free_bytes": quota.free_bytes(request.user),
        "quota_bytes": settings.USER_QUOTA_BYTES,
    }
    response = render(request, "uploads/index.html", context, status=form.status() if form.errors else 200)
    if request.GET.get("view") == context["view"]:
        response.set_cookie(
            VIEW_COOKIE,
            context["view"],
            VIEW_COOKIE_AGE,
            path=reverse("uploads:index"),
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


@never_cache
@require_safe
def detail(request: UserRequest, upload_id: UUID) -> HttpResponse:
    """Show a file with links to its neighbours in the list. The viewer loads this page and shows its article."""
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
    """Render one card of the list, for scripts. Return 204 if the search of the list excludes the file."""
    files = FileList.of(request.user, request.GET.dict())
    upload = get_object_or_404(files.all_uploads.for_list(), pk=upload_id)
    return _cards(request, [upload]) if upload in files else HttpResponse(status=204)


@require_POST
def delete(request: UserRequest, upload_id: UUID) -> HttpResponse:
    """Move the upload to the trash, and offer to undo the deletion."""
    upload = _visible_upload(request, upload_id)
    upload.trash()
    return _offer_undo(request, upload)


@require_POST
def delete_selected(request: UserRequest) -> HttpResponse:
    """Move the selected uploads to the trash, and offer to undo the deletion."""
    uploads = selected_uploads(request)
    Upload.objects.filter(pk__in=[upload.pk for upload in uploads]).trash()
    return _offer_undo(request, uploads[0])


@require_POST
def download_selected(request: UserRequest) -> HttpResponseBase:
    """Send the selected uploads as one ZIP, or a single one as it is."""
    uploads = selected_uploads(request)
    return redirect("uploads:download", uploads[0].pk) if len(uploads) == 1 else archive.download(uploads)


@require_POST
def restore(request: UserRequest, upload_id: UUID) -> HttpResponse:
    """Restore the upload, and those that were deleted together with it."""
    upload = get_object_or_404(Upload.objects.filter(owner=request.user).in_trash(), pk=upload_id)
    deleted = Upload.objects.deleted_together_with(upload)
    ids = list(deleted.values_list("pk", flat=True))
    if not deleted.restore(request.user):
        raise Http404
    if _wants_fragment(request):
        return _cards(request, Upload.objects.visible_to(request.user).filter(pk__in=ids).for_list())
    return redirect(_list_url(request))


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


def _cards(request: UserRequest, uploads: Iterable[Upload]) -> HttpResponse:
    return render(request, "uploads/_cards.html", {"uploads": uploads, "view": _view(request)})


def _view(request: UserRequest) -> str:
    """Return the view that the query names, or the one that this browser has used last."""
    names = (request.GET.get("view", ""), request.COOKIES.get(VIEW_COOKIE, ""))
    return next((name for name in names if name in VIEWS), "grid")


def _list_url(request: UserRequest, **parameters: object) -> str:
    """Return the URL of the list from which the form was sent."""
    files = FileList.of(request.user, request.POST.dict())
    return reverse("uploads:index", query={**files.parameters, **parameters})


def _offer_undo(request: UserRequest, upload: Upload) -> HttpResponse:
    """Return the message about a deletion, or redirect to the list, which shows it. `upload` is one of the files."""
    if _wants_fragment(request):
        return render(request, "uploads/_deleted.html", _deletion(request, upload.pk))
    return redirect(_list_url(request, deleted=upload.pk))


def _just_deleted(request: UserRequest) -> dict[str, Any]:
    """Return the context of the message about a deletion, if that has redirected to this page."""
    try:
        return _deletion(request, UUID(request.GET.get("deleted", "")))
    except ValueError:
        return {}


def _deletion(request: UserRequest, upload_id: UUID) -> dict[str, Any]:
    """Return the upload and the number of those deleted together with it, or nothing if it can't be restored."""
    upload = Upload.objects.filter(owner=request.user, pk=upload_id).in_trash().first()
    return {"deleted": upload, "count": Upload.objects.deleted_together_with(upload).count()} if upload else {}


def _wants_fragment(request: UserRequest) -> bool:
    """Return whether htmx, or one of our scripts, sent the request and replaces only a part of the page."""
    return bool(request.htmx)  # type: ignore[attr-defined]
