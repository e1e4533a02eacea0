"""The download of an export by its owner. The settings page starts exports."""

from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from config.models import Export
from progress.types import UserRequest
from uploads.storage import serving


@require_safe
def download(request: UserRequest) -> HttpResponseBase:
    """Send the user's own archive. Return 404 if there is none, or if it has expired."""
    export = get_object_or_404(Export.objects.available(), owner=request.user)
    name = f"headway-{timezone.localdate(export.created_at)}.zip"
    return serving.download(request, export.file, name, f'"{export.pk}"')
