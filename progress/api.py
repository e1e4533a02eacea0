"""JSON API of jobs: one job, several jobs, cancel and retry. `live/stream.py` has the stream."""

import time
from collections.abc import Iterable
from uuid import UUID

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from progress.connections import release_connection
from progress.decorators import for_job
from progress.job_json import as_json, jobs_url
from progress.listing import cursor_of, list_jobs
from progress.live import params
from progress.live.hub import TooManyWatchers, hub
from progress.live.jobs import Jobs, visible_jobs
from progress.live.logins import Login
from progress.models import Job
from progress.pagination import fetch_page, next_link
from progress.tasks import cancel_job, check_queue_limit, retry_job
from progress.types import UserRequest

PAGE_SIZE = 100


class LoginEnded(Exception):
    """The user logged out during a long poll."""


@never_cache
@require_safe
@for_job
def detail(request: UserRequest, job: Job) -> HttpResponse:
    """Return the job. With `after` and `wait`, wait for a newer version, or until the time is over."""
    versions = {job.pk: params.parse_after(request)}
    seconds = params.parse_wait(request)
    jobs = {job.pk: job}
    if seconds and _should_wait(jobs, versions):
        try:
            jobs = _wait_for_change(request, versions, seconds)
        except LoginEnded:
            return _not_logged_in()
    if job.pk not in jobs:
        raise Http404
    return JsonResponse(as_json(jobs[job.pk], jobs_url(request)))


@never_cache
@require_safe
def several(request: UserRequest) -> HttpResponse:
    """Return several jobs. With `wait`, wait until one of them is newer than the version given with its id.

    Without ids, return a page of the filtered list. Without a filter, return the unfinished jobs, newest first.
    """
    if "id" not in request.GET:
        return _filtered(request) if request.GET.keys() & {"filter", "cursor"} else _unfinished(request)
    versions = params.parse_ids(request)
    seconds = params.parse_wait(request)
    jobs = visible_jobs(request.user, versions)
    if seconds and _should_wait(jobs, versions):
        try:
            jobs = _wait_for_change(request, versions, seconds)
        except LoginEnded:
            return _not_logged_in()
    base_url = jobs_url(request)
    found = [as_json(jobs[job_id], base_url) for job_id in versions if job_id in jobs]
    return JsonResponse({"jobs": found, "missing": [job_id for job_id in versions if job_id not in jobs]})


@never_cache
@require_POST
@for_job
def cancel(request: UserRequest, job: Job) -> HttpResponse:
    """Cancel the job, or request that it stops. Return 409 if it has already finished."""
    return _changed(request, job, cancel_job(job), "This job has already finished, so it can't be cancelled.")


@never_cache
@require_POST
@for_job
def retry(request: UserRequest, job: Job) -> HttpResponse:
    """Queue a failed or cancelled job again. Return 409 if it is in another state. Raise TooManyJobs."""
    check_queue_limit(request.user)
    return _changed(request, job, retry_job(job), "Only a job that failed or was cancelled can be tried again.")


def _unfinished(request: UserRequest) -> HttpResponse:
    return _found(request, Job.objects.visible_to(request.user).unfinished()[:PAGE_SIZE])


def _filtered(request: UserRequest) -> HttpResponse:
    """Return a page of the list, with a link to the next page, if there is one. Raise BadRequest."""
    states = params.parse_filter(request)
    jobs, has_next = fetch_page(list_jobs(request.user, states, request.GET.get("cursor", "")), PAGE_SIZE)
    response = _found(request, jobs)
    if has_next:
        response["Link"] = next_link(request, cursor_of(jobs[-1]))
    return response


def _found(request: UserRequest, jobs: Iterable[Job]) -> HttpResponse:
    base_url = jobs_url(request)
    return JsonResponse({"jobs": [as_json(job, base_url) for job in jobs], "missing": []})


def _should_wait(jobs: dict[UUID, Job], versions: dict[UUID, int]) -> bool:
    """Return whether to wait: all jobs exist, one is unfinished, and none is newer than the client's version."""
    return (
        len(jobs) == len(versions)
        and any(not job.is_finished for job in jobs.values())
        and all(job.version <= versions[job.pk] for job in jobs.values())
    )


def _wait_for_change(request: UserRequest, versions: dict[UUID, int], seconds: float) -> dict[UUID, Job]:
    """Wait for a change or until the time is over, and return the jobs. Raise LoginEnded.

    Return immediately if the user or the process has too many watchers.
    """
    deadline = time.monotonic() + seconds
    try:
        with hub.watch(Jobs, versions, Login.of(request)) as watcher:
            jobs = visible_jobs(request.user, versions)
            release_connection()
            while (
                _should_wait(jobs, versions) and not hub.stopping and (seconds_left := deadline - time.monotonic()) > 0
            ):
                for job_id, snapshot in watcher.wait(seconds_left).items():
                    if snapshot:
                        jobs[job_id] = snapshot.job
                    else:
                        jobs.pop(job_id, None)
                if watcher.login_ended:
                    raise LoginEnded
            return jobs
    except TooManyWatchers:
        return visible_jobs(request.user, versions)


def _not_logged_in() -> HttpResponse:
    text, challenge = "You are no longer logged in.", {"WWW-Authenticate": "Session"}
    return HttpResponse(text, status=401, content_type="text/plain", headers=challenge)


def _changed(request: UserRequest, job: Job, has_changed: bool, error: str) -> HttpResponse:
    if not has_changed:
        return HttpResponse(error, status=409, content_type="text/plain")
    job.refresh_from_db()
    return JsonResponse(as_json(job, jobs_url(request)))
