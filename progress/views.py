"""Pages of a job: the job itself, which reloads without JavaScript, and its two buttons."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from progress.decorators import for_job
from progress.models import Job
from progress.tasks import cancel_job, check_queue_limit, retry_job
from progress.types import UserRequest


@never_cache
@require_safe
@for_job
def detail(request: UserRequest, job: Job) -> HttpResponse:
    return render(request, "progress/detail.html", {"job": job})


@require_POST
@for_job
def cancel(request: UserRequest, job: Job) -> HttpResponse:
    """Cancel the job, unless it has finished, and show it."""
    cancel_job(job)
    return redirect(job)


@require_POST
@for_job
def retry(request: UserRequest, job: Job) -> HttpResponse:
    """Queue the job again, if it failed or was cancelled, and show it. Raise TooManyJobs."""
    check_queue_limit(request.user)
    retry_job(job)
    return redirect(job)
