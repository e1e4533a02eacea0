"""One stream for all the bars of a page; `live/sse.py` has what holds for any stream.

event: job      id: <uuid>:<version>, and the job as its data: immediately for each, then at each change
event: missing  {"id"}: unknown, gone or somebody else's
event: end      none is left to wait for; then the stream closes

Without ids the stream is for all jobs of the user, however many there are:

event: ready    {}: every change from now on will be sent, so the client can fetch the current states
event: job      at each change of any job of the user
"""

import json
from typing import Any
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from progress.job_json import as_json, jobs_url
from progress.live import params
from progress.live.hub import Watcher
from progress.live.jobs import Jobs, OwnedJobs, Snapshot, visible_jobs
from progress.live.sse import EventStream, stream_response
from progress.models import Job

READY = b"event: ready\ndata: {}\n\n"
END = b"event: end\ndata: {}\n\n"


@never_cache
@require_GET
def stream(request: HttpRequest) -> HttpResponseBase:
    """Return the events of the jobs with these ids, or of all jobs of the user."""
    root = jobs_url(request)
    if "id" not in request.GET:
        return stream_response(request, OwnedJobs, [request.user.pk], lambda watcher: OwnedJobEvents(watcher, root))
    known = params.parse_ids(request)

    def begin(watcher: Watcher[UUID, Snapshot | None]) -> JobEvents:
        return JobEvents(watcher, visible_jobs(request.user, known), root)

    return stream_response(request, Jobs, known, begin)


class JobEvents(EventStream[UUID, Snapshot | None]):
    def __init__(self, watcher: Watcher[UUID, Snapshot | None], jobs: dict[UUID, Job], root: str) -> None:
        super().__init__(watcher)
        self._root = root
        self._first: dict[UUID, Snapshot | None] = dict.fromkeys(watcher.keys)
        self._first |= {job_id: Snapshot(job) for job_id, job in jobs.items()}
        self._sent = dict.fromkeys(self._first, params.UNKNOWN)  # the versions of the jobs that are still waited for

    def initial(self) -> bytes:
        told = self.encode(self._first)
        self._first.clear()
        return told

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
        return _event(snapshot, self._root)


class OwnedJobEvents(EventStream[Any, dict[UUID, Snapshot]]):
    def __init__(self, watcher: Watcher[Any, dict[UUID, Snapshot]], root: str) -> None:
        super().__init__(watcher)
        self._root = root

    def initial(self) -> bytes:
        return READY

    def encode(self, changes: dict[Any, dict[UUID, Snapshot]]) -> bytes:
        return b"".join(_event(snapshot, self._root) for jobs in changes.values() for snapshot in jobs.values())


def _event(snapshot: Snapshot, root: str) -> bytes:
    """Return the event of a job, encoded once for all streams."""
    if root not in snapshot.made:
        snapshot.made[root] = _encode(snapshot.job, root)
    return snapshot.made[root]


def _encode(job: Job, root: str) -> bytes:
    data = json.dumps(as_json(job, root), cls=DjangoJSONEncoder)
    return f"event: job\nid: {job.pk}:{job.version}\ndata: {data}\n\n".encode()
