"""The page of deleted files that can still be restored."""

from django.core.paginator import Paginator
from django.db.models import F, Value
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from progress.types import UserRequest
from uploads.models import Upload
from uploads.retention import TRASH_KEPT

PAGE_SIZE = 100


@never_cache
@require_safe
def index(request: UserRequest) -> HttpResponse:
    """Show a page of the trash, newest deletion first, with the time until which each file is kept."""
    deleted = Upload.objects.filter(owner=request.user).in_trash().filter(deleted_at__gt=timezone.now() - TRASH_KEPT)
    uploads = deleted.annotate(kept_until=F("deleted_at") + Value(TRASH_KEPT)).order_by("-deleted_at", "id")
    page = Paginator(uploads, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "uploads/trash.html", {"page": page})
