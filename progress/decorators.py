"""Decorator of the views of one job, for pages and for the API."""

from collections.abc import Callable
from functools import wraps
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from progress.models import Job
from progress.types import UserRequest


def for_job(view: Callable[[UserRequest, Job], HttpResponse]) -> Callable[..., HttpResponse]:
    """Pass the job instead of its id. Return 404 unless it is the user's, and 410 if it has expired."""

    @wraps(view)
    def load(request: UserRequest, job_id: UUID) -> HttpResponse:
        job = get_object_or_404(Job.objects.visible_to(request.user), pk=job_id)
        if job.has_expired:
            return HttpResponse(
                "This job finished too long ago and has been removed.", status=410, content_type="text/plain"
            )
        return view(request, job)

    return load
