"""A job as a page of its own, which refreshes itself where there is no JavaScript, and its two buttons."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from progress.decorators import for_job
from progress.models import Job
from progress.tasks import cancel_job, check_queue_limit, retry_job


@never_cache
@require_safe
@for_job
def detail(request: HttpRequest, job: Job) -> HttpResponse:
    return render(request, "progress/detail.html", {"job": job})


@require_POST
@for_job
def cancel(request: HttpRequest, job: Job) -> HttpResponse:
    """If it has ended meanwhile, its page says so."""
    cancel_job(job)
    return redirect(job)


@require_POST
@for_job
def retry(request: HttpRequest, job: Job) -> HttpResponse:
    """Queue it again, if it failed or was cancelled. Raises TooManyJobs."""
    check_queue_limit(request.user)
    retry_job(job)
    return redirect(job)
