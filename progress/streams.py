"""One stream for all the bars of a page: server-sent events, as the HTML standard's section 9.2 has them.

    event: job      id: <uuid>:<version>, and the job as its data: at once for each, then at each change
    event: missing  {"id"}: unknown, gone or somebody else's
    event: end      none is left to wait for; then the stream closes

A stream also closes after ten minutes, so that no client stays with an old server for ever, and at once when its
process is about to stop; the client comes back. It holds no database connection.
"""

import json
import time
from collections.abc import Callable, Generator, Iterator
from uuid import UUID

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from progress import api, watching
from progress.connections import release_connection
from progress.hub import Full, Snapshot, Watcher, hub
from progress.models import Job

COMMENT_SECONDS = 15.0
"""So often something is sent, so that proxies and clients know that the stream lives."""

LONGEST_SECONDS = 600.0

COME_BACK_SECONDS = 5
"""When to try again after a refusal."""

END = b"event: end\ndata: {}\n\n"
COMMENT = b": still here\n\n"


@never_cache
@require_GET
def stream(request: HttpRequest) -> HttpResponseBase:
    """The events of the jobs whose ids are asked for; 503 when this process has too many streams."""
    known = watching.known_versions(request)
    try:
        watcher = hub.watch(known)
    except Full:
        text = "Too many streams are open here. Ask for the jobs themselves, and try this again a little later."
        headers = {"Retry-After": str(COME_BACK_SECONDS)}
        return HttpResponse(text, status=503, content_type="text/plain", headers=headers)
    try:
        jobs = api.visible_jobs(request, known)
    except BaseException:
        watcher.close()
        raise
    release_connection()
    events = Events(watcher, jobs, api.root_of(request), done=vars(request).clear)
    headers = {"X-Accel-Buffering": "no"}  # nginx would keep the events until it has a buffer full of them
    return StreamingHttpResponse(events, content_type="text/event-stream", headers=headers)


class Events:
    """The bytes of one stream. Its `close` is called at the end, even if nobody ever began to read.

    `done` is called when the first of them is asked for: the request has been answered then. Django keeps it to the
    end, with the session, the user and more, which is as much memory as the rest of a stream needs.
    """

    def __init__(
        self, watcher: Watcher, jobs: dict[UUID, Job], root: str, done: Callable[[], None] = lambda: None
    ) -> None:
        self._done = done
        self._watcher = watcher
        self._root = root
        self._sent: dict[UUID, int] = {}  # the versions of the jobs that are still waited for
        self._first: dict[UUID, Snapshot | None] = dict.fromkeys(watcher.ids)
        self._first |= {job_id: Snapshot(job) for job_id, job in jobs.items()}
        self._events = self._all()

    def __iter__(self) -> Iterator[bytes]:
        return self._events

    def close(self) -> None:
        self._watcher.close()
        self._events.close()

    def _all(self) -> Generator[bytes, None, None]:
        self._done()
        spoke_at = time.monotonic()
        deadline = spoke_at + LONGEST_SECONDS
        self._sent = dict.fromkeys(self._first, watching.UNKNOWN)
        yield self._tell(self._first)
        self._first.clear()
        while self._sent:
            now = time.monotonic()
            if now >= deadline or hub.stopping:
                return
            quiet = spoke_at + COMMENT_SECONDS - now
            told = COMMENT if quiet <= 0 else self._tell(self._watcher.wait(min(quiet, deadline - now)))
            if told:
                spoke_at = time.monotonic()
                yield told
        yield END

    def _tell(self, news: dict[UUID, Snapshot | None]) -> bytes:
        return b"".join(self._event(job_id, snapshot) for job_id, snapshot in news.items() if job_id in self._sent)

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
        if self._root not in snapshot.made:
            snapshot.made[self._root] = _encode(job, self._root)
        return snapshot.made[self._root]


def _encode(job: Job, root: str) -> bytes:
    data = json.dumps(api.as_json(job, root), cls=DjangoJSONEncoder)
    return f"event: job\nid: {job.pk}:{job.version}\ndata: {data}\n\n".encode()
