"""The uploads that a user has selected on a page: the form of the selection has a field `file` for each of them."""

from uuid import UUID

from django.core.exceptions import BadRequest
from django.http import Http404

from progress.types import UserRequest
from uploads.models import Upload

MAX_SELECTED = 100
"""The number of uploads in one request."""


def selected_uploads(request: UserRequest) -> list[Upload]:
    """Return the user's uploads that the form names, without those that have been deleted since, sorted by name.

    Raise BadRequest if the form names none or too many, and Http404 if none of them is left.
    """
    names = request.POST.getlist("file")
    if not 1 <= len(names) <= MAX_SELECTED:
        raise BadRequest(f"Select 1 to {MAX_SELECTED} files at a time.")
    try:
        ids = {UUID(name) for name in names}
    except ValueError:
        raise Http404 from None
    uploads = list(Upload.objects.visible_to(request.user).filter(pk__in=ids).order_by("name_folded", "pk"))
    if not uploads:
        raise Http404
    return uploads
