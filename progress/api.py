"""Jobs as JSON, for programs: one, several, cancel and retry. `live/stream.py` has the stream."""

import time
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from progress.connections import release_connection
from progress.decorators import for_job
from progress.job_json import as_json, jobs_url
from progress.live import params
from progress.live.hub import TooManyWatchers, hub
from progress.live.jobs import Jobs, visible_jobs
from progress.live.logins import Login
from progress.models import Job
from progress.tasks import cancel_job, check_queue_limit, retry_job


class LoginEnded(Exception):
    """The user has logged out while a long poll waited."""


@never_cache
@require_safe
@for_job
def detail(request: HttpRequest, job: Job) -> HttpResponse:
    """The job; with `after` and `wait`, once it is newer than that, or the time is over."""
    known = {job.pk: params.parse_after(request)}
    seconds = params.parse_wait(request)
    jobs = {job.pk: job}
    if seconds and _nothing_new(jobs, known):
        try:
            jobs = _wait_for_news(request, known, seconds)
        except LoginEnded:
            return _not_logged_in()
    if job.pk not in jobs:
        raise Http404
    return JsonResponse(as_json(jobs[job.pk], jobs_url(request)))


@never_cache
@require_safe
def several(request: HttpRequest) -> HttpResponse:
    """Several jobs; with `wait`, once one of them is newer than the version given with its id.

    Who names none gets those of his own that are unfinished, the newest first, at once.
    """
    if "id" not in request.GET:
        return _unfinished(request)
    known = params.parse_ids(request)
    seconds = params.parse_wait(request)
    jobs = visible_jobs(request.user, known)
    if seconds and _nothing_new(jobs, known):
        try:
            jobs = _wait_for_news(request, known, seconds)
        except LoginEnded:
            return _not_logged_in()
    root = jobs_url(request)
    found = [as_json(jobs[job_id], root) for job_id in known if job_id in jobs]
    return JsonResponse({"jobs": found, "missing": [job_id for job_id in known if job_id not in jobs]})


@never_cache
@require_POST
@for_job
def cancel(request: HttpRequest, job: Job) -> HttpResponse:
    """Ask the job to stop; 409 when it has ended already."""
    return _changed(request, job, cancel_job(job), "This job has already ended, so there is nothing to cancel.")


@never_cache
@require_POST
@for_job
def retry(request: HttpRequest, job: Job) -> HttpResponse:
    """Queue a job again that failed or was cancelled; 409 for any other state. Raises TooManyJobs."""
    check_queue_limit(request.user)
    return _changed(request, job, retry_job(job), "Only a job that failed or was cancelled can be tried again.")


def _unfinished(request: HttpRequest) -> HttpResponse:
    jobs = Job.objects.visible_to(request.user).unfinished()[: params.MAX_IDS]
    root = jobs_url(request)
    return JsonResponse({"jobs": [as_json(job, root) for job in jobs], "missing": []})


def _nothing_new(jobs: dict[UUID, Job], known: dict[UUID, int]) -> bool:
    """Whether it makes sense to wait: all are there, one may still change, and none has."""
    return (
        len(jobs) == len(known)
        and any(not job.is_finished for job in jobs.values())
        and all(job.version <= known[job.pk] for job in jobs.values())
    )


def _wait_for_news(request: HttpRequest, known: dict[UUID, int], seconds: float) -> dict[UUID, Job]:
    """Return the jobs when one of them has changed or the time is over. Raises LoginEnded.

    Without waiting if the user or the process has too many watchers.
    """
    deadline = time.monotonic() + seconds
    try:
        with hub.watch(Jobs, known, Login.of(request)) as watcher:
            jobs = visible_jobs(request.user, known)
            release_connection()
            while _nothing_new(jobs, known) and not hub.stopping and (rest := deadline - time.monotonic()) > 0:
                for job_id, snapshot in watcher.wait(rest).items():
                    if snapshot:
                        jobs[job_id] = snapshot.job
                    else:
                        jobs.pop(job_id, None)
                if watcher.login_ended:
                    raise LoginEnded
            return jobs
    except TooManyWatchers:
        return visible_jobs(request.user, known)


def _not_logged_in() -> HttpResponse:
    text, challenge = "You are not logged in any more.", {"WWW-Authenticate": "Session"}
    return HttpResponse(text, status=401, content_type="text/plain", headers=challenge)


def _changed(request: HttpRequest, job: Job, done: bool, otherwise: str) -> HttpResponse:
    if not done:
        return HttpResponse(otherwise, status=409, content_type="text/plain")
    job.refresh_from_db()
    return JsonResponse(as_json(job, jobs_url(request)))
