"""A server of jobs on its own origin, whose jobs, statuses and streams a test controls."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.faults.cluster import wait_until

MAX_PAUSE_SECONDS = 1.5  # a bar waits less between two requests in these tests
FINISHED = ("succeeded", "failed", "cancelled")
ID = "00000000-0000-0000-0000-00000000000a"
JOB: dict[str, Any] = {
    "id": ID,
    "label": "Importing",
    "state": "running",
    "percent": 42,
    "stage": "Reading rows",
    "current": 42,
    "total": 100,
    "unit": "rows",
    "eta_seconds": None,
    "version": 1,
    "attempt": 1,
    "cancel_requested": False,
    "error": None,
    "retryable": False,
    "result": None,
}


class JobServer:
    """A server whose responses are set by its attributes. It records the requests that it receives."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.jobs: dict[str, dict] = {ID: dict(JOB)}
        self.status = 200  # of all responses except those of /api/session/
        self.stream_status = 200
        self.headers: dict[str, str] = {}
        self.is_buffered = False  # whether a proxy withholds the events of streams
        self.comment_seconds = 0.2  # between two comments of a stream
        self.generation = 0  # incremented to end all open streams
        self.open_streams = 0
        self.requests: list[tuple[str, str]] = []  # methods and paths: ("GET", "/api/progress/stream/")
        self.stream_queries: list[str] = []
        self.tokens: list[str | None] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.job_server = self
        self._http.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._http.server_address[1]}"

    def url(self, job_id: str = ID) -> str:
        return f"{self.origin}/api/progress/{job_id}/"

    def update(self, job_id: str = ID, **changes: Any) -> None:
        """Change fields of a job, which is created if it doesn't exist, and increment its version."""
        with self.changed:
            job = self.jobs.setdefault(job_id, {**JOB, "id": job_id, "version": 0})
            job = {**job, "version": job["version"] + 1, **changes}
            self.jobs[job_id] = {**job, "retryable": job["state"] in ("failed", "cancelled")}
            self.changed.notify_all()

    def unfinished(self) -> list[dict[str, Any]]:
        return [job for job in self.jobs.values() if job and job["state"] not in FINISHED]

    def delete(self, job_id: str = ID) -> None:
        """Delete a job. Its URL then returns 410."""
        with self.changed:
            self.jobs[job_id] = {}
            self.changed.notify_all()

    def end_streams(self) -> None:
        with self.changed:
            self.generation += 1
            self.changed.notify_all()

    def count(self, suffix: str) -> int:
        """Return the number of received requests whose path ends with the suffix."""
        return sum(path.endswith(suffix) for _, path in self.requests)

    def is_idle(self) -> bool:
        """Return whether the page sends no more requests. Raises AssertionError if it then still has an open stream."""
        count = len(self.requests)
        try:
            wait_until(lambda: len(self.requests) > count, MAX_PAUSE_SECONDS)
        except AssertionError:
            wait_until(lambda: self.open_streams == 0)
            return True
        return False

    @contextmanager
    def running(self) -> Iterator["JobServer"]:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self.end_streams()
            self._http.shutdown()
            self._http.server_close()


class Handler(BaseHTTPRequestHandler):
    @property
    def state(self) -> JobServer:
        return self.server.job_server  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.state.requests.append(("GET", path))
        if path == "/api/session/":
            return self.respond(200, {"user": {"username": "alice"}, "csrf_token": "fresh"})
        if self.state.status != 200:
            return self.respond(self.state.status, {})
        only_unfinished = query == "filter=unfinished"
        ids = [] if only_unfinished else [item.removeprefix("id=") for item in query.split("&") if item]
        if path.endswith("/stream/"):
            self.state.stream_queries.append(query)
            return self.stream(ids, only_unfinished)
        if path == "/api/progress/" and only_unfinished:
            return self.respond(200, {"jobs": self.state.unfinished(), "missing": []})
        if path == "/api/progress/":
            found = [job for job_id in ids if (job := self.state.jobs.get(job_id))]
            missing = [job_id for job_id in ids if not self.state.jobs.get(job_id)]
            return self.respond(200, {"jobs": found, "missing": missing})
        job = self.state.jobs.get(path.split("/")[3])
        return self.respond(200, job) if job else self.respond(404 if job is None else 410, {})

    def do_POST(self) -> None:
        self.state.requests.append(("POST", self.path))
        self.state.tokens.append(self.headers["X-CSRFToken"])
        if self.headers["X-CSRFToken"] != "fresh":
            return self.respond(403, {})
        if self.state.status != 200:
            return self.respond(self.state.status, {})
        if self.path.endswith("/cancel/"):
            self.state.update(cancel_requested=True)
        else:
            self.state.update(state="queued", percent=None, attempt=0, error=None)
        return self.respond(200, self.state.jobs[ID])

    def do_OPTIONS(self) -> None:
        self.respond(200, {})

    def stream(self, ids: list[str], starts_with_unfinished: bool) -> None:
        """Send events of the given jobs, or of all jobs, until the jobs have finished or the test ends the streams."""
        if self.state.stream_status != 200:
            return self.respond(self.state.stream_status, {})
        self.send_head(200, "text/event-stream")
        streams_all = not ids
        sent_versions = {} if streams_all else dict.fromkeys(ids, 0)
        with self.state.changed:
            generation = self.state.generation
            self.state.open_streams += 1
            try:
                for job in self.state.unfinished() if starts_with_unfinished else ():
                    self.send_event("job", job)
                if streams_all:
                    self.send_event("ready", {})
                    sent_versions = {job_id: job["version"] for job_id, job in self.state.jobs.items() if job}
                while self.state.generation == generation and (sent_versions or streams_all):
                    self.send_changes(sent_versions, streams_all)
                    self.state.changed.wait(self.state.comment_seconds)
                if not sent_versions and not streams_all:
                    self.send_event("end", {})
            except OSError:
                pass  # the client has disconnected
            finally:
                self.state.open_streams -= 1

    def send_changes(self, sent_versions: dict[str, int], streams_all: bool) -> None:
        """Send newer versions of jobs, and a comment. A stream of all jobs doesn't report deleted ones."""
        for job_id in self.state.jobs if streams_all else list(sent_versions):
            job = self.state.jobs.get(job_id)
            if not job and streams_all:
                continue
            if not job:
                del sent_versions[job_id]
                self.send_event("missing", {"id": job_id})
            elif job["version"] > sent_versions.get(job_id, 0):
                sent_versions[job_id] = job["version"]
                self.send_event("job", job)
                if job["state"] in FINISHED and not streams_all:
                    del sent_versions[job_id]
        self.send_chunk(b": keep-alive\n\n")

    def send_event(self, name: str, data: dict) -> None:
        self.send_chunk(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())

    def send_chunk(self, data: bytes) -> None:
        if not self.state.is_buffered:
            self.wfile.write(data)

    def respond(self, status: int, body: dict) -> None:
        self.send_head(status, "application/json")
        self.wfile.write(json.dumps(body).encode())

    def send_head(self, status: int, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "null"))
        self.send_header("Access-Control-Allow-Credentials", "true")
        self.send_header("Access-Control-Allow-Headers", "X-CSRFToken")
        self.send_header("Access-Control-Expose-Headers", "Retry-After")
        for name, value in self.state.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass
