"""Which job a URL means, and whether the visitor may know of it: the same for pages and for the API."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404

from progress.models import Job


def for_job(view: Callable[[HttpRequest, Job], HttpResponse]) -> Callable[..., HttpResponse]:
    """Give the view the job itself: 404 unless it is the visitor's own, 410 when it is no longer kept."""

    @wraps(view)
    def find(request: HttpRequest, job_id: UUID) -> HttpResponse:
        job = get_object_or_404(Job.objects.visible_to(request.user), pk=job_id)
        if job.has_expired:
            return HttpResponse(
                "This job ended long ago, and is no longer kept.", status=410, content_type="text/plain"
            )
        return view(request, job)

    return find
