"""Pages of jobs: the list of all jobs, and one job with its two buttons. Without JavaScript, they reload themselves."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from progress.decorators import for_job
from progress.listing import cursor_of, list_jobs
from progress.models import Job, retention_period
from progress.pagination import fetch_page
from progress.tasks import cancel_job, check_queue_limit, retry_job
from progress.types import UserRequest

PAGE_SIZE = 25


@never_cache
@require_safe
def index(request: UserRequest) -> HttpResponse:
    """Show the user's jobs that have not expired, grouped by their state."""
    cursor = request.GET.get("cursor", "")
    jobs, has_next = fetch_page(list_jobs(request.user, cursor=cursor), PAGE_SIZE)
    context = {
        "jobs": jobs,
        "cursor": cursor,
        "next": cursor_of(jobs[-1]) if has_next else "",
        "has_unfinished": any(not job.is_finished for job in jobs),
        "retention_seconds": int(retention_period().total_seconds()),
    }
    return render(request, "progress/index.html", context)


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
