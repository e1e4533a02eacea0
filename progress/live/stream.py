"""Stream of the jobs with given ids, for all progress bars of a page, or of all jobs of a user.

event: job      id: <uuid>:<version>, data: the job. Sent for each job at the start, and at each change
event: missing  {"id"}: the job is unknown, has expired or belongs to another user
event: end      {}: no more changes will follow, and the stream closes

Without ids, the stream has all jobs of the user:

event: job      with ?filter=unfinished or another filter, each job of that list, at most MAX_INITIAL, in its order
event: ready    {}: every later change will be sent, so the client can fetch the current state now
event: job      at each change of any job of the user
"""

import json
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from progress.job_json import as_json, jobs_url
from progress.listing import list_jobs
from progress.live import params
from progress.live.hub import Watcher
from progress.live.jobs import Jobs, OwnedJobs, Snapshot, visible_jobs
from progress.live.sse import EventStream, stream_response
from progress.models import Job
from progress.types import UserRequest

READY = b"event: ready\ndata: {}\n\n"
END = b"event: end\ndata: {}\n\n"
MAX_INITIAL = 100


@never_cache
@require_GET
def stream(request: UserRequest) -> HttpResponseBase:
    """Stream the jobs with these ids, or all jobs of the user."""
    base_url = jobs_url(request)
    if "id" not in request.GET:
        return _stream_all(request, base_url)
    versions = params.parse_ids(request)

    def begin(watcher: Watcher[UUID, Snapshot | None]) -> JobEvents:
        return JobEvents(watcher, visible_jobs(request.user, versions), base_url)

    return stream_response(request, Jobs, versions, begin)


def _stream_all(request: UserRequest, base_url: str) -> HttpResponseBase:
    states = params.parse_filter(request) if "filter" in request.GET else ()

    def begin(watcher: Watcher[int, dict[UUID, Snapshot]]) -> OwnedJobEvents:
        jobs = list_jobs(request.user, states)[:MAX_INITIAL] if states else ()
        return OwnedJobEvents(watcher, {job.pk: Snapshot(job) for job in jobs}, base_url)

    return stream_response(request, OwnedJobs, [request.user.pk], begin)


class JobEvents(EventStream[UUID, Snapshot | None]):
    def __init__(self, watcher: Watcher[UUID, Snapshot | None], jobs: dict[UUID, Job], base_url: str) -> None:
        super().__init__(watcher)
        self._base_url = base_url
        self._current: dict[UUID, Snapshot | None] = dict.fromkeys(watcher.keys)
        self._current |= {job_id: Snapshot(job) for job_id, job in jobs.items()}
        self._sent = dict.fromkeys(self._current, params.UNKNOWN)  # versions of the jobs that may still change

    def initial(self) -> bytes:
        events = self.encode(self._current)
        self._current.clear()  # frees memory
        return events

    def encode(self, changes: dict[UUID, Snapshot | None]) -> bytes:
        return b"".join(self._event(job_id, snapshot) for job_id, snapshot in changes.items() if job_id in self._sent)

    def final(self) -> bytes:
        return b"" if self._sent else END

    def _event(self, job_id: UUID, snapshot: Snapshot | None) -> bytes:
        if snapshot is None:
            del self._sent[job_id]
            return f'event: missing\ndata: {{"id": "{job_id}"}}\n\n'.encode()
        job = snapshot.job
        if job.version <= self._sent[job_id]:
            return b""
        self._sent[job_id] = job.version
        if job.is_finished:
            del self._sent[job_id]
        return _event(snapshot, self._base_url)


class OwnedJobEvents(EventStream[int, dict[UUID, Snapshot]]):
    def __init__(
        self, watcher: Watcher[int, dict[UUID, Snapshot]], current: dict[UUID, Snapshot], base_url: str
    ) -> None:
        super().__init__(watcher)
        self._base_url = base_url
        self._current = current

    def initial(self) -> bytes:
        events = self.encode({0: self._current}) + READY
        self._current = {}  # frees memory
        return events

    def encode(self, changes: dict[int, dict[UUID, Snapshot]]) -> bytes:
        return b"".join(_event(snapshot, self._base_url) for jobs in changes.values() for snapshot in jobs.values())


def _event(snapshot: Snapshot, base_url: str) -> bytes:
    """Return the event of a job, encoded once for all streams."""
    if base_url not in snapshot.encoded:
        snapshot.encoded[base_url] = _encode(snapshot.job, base_url)
    return snapshot.encoded[base_url]


def _encode(job: Job, base_url: str) -> bytes:
    data = json.dumps(as_json(job, base_url), cls=DjangoJSONEncoder)
    return f"event: job\nid: {job.pk}:{job.version}\ndata: {data}\n\n".encode()
