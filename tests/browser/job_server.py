"""A server that says of a job what a test wants it to say, over real connections, from an origin of its own."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

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
    """What it knows, how it answers, and what it was asked: ("GET", "/api/progress/stream/"), …"""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.jobs: dict[str, dict] = {ID: dict(JOB)}
        self.status = 200  # of everything
        self.stream_status = 200
        self.headers: dict[str, str] = {}
        self.is_buffered = False  # whether a proxy keeps back what streams send
        self.comment_seconds = 0.2  # between two comments of a stream
        self.life = 0  # raised to break all open streams
        self.streams = 0  # open now
        self.asked: list[tuple[str, str]] = []
        self.queries: list[str] = []
        self.tokens: list[str | None] = []
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.job_server = self
        self._http.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._http.server_address[1]}"

    def url(self, job_id: str = ID) -> str:
        return f"{self.origin}/api/progress/{job_id}/"

    def say(self, job_id: str = ID, **changes: Any) -> None:
        """Another version of the job."""
        with self.changed:
            job = self.jobs.setdefault(job_id, {**JOB, "id": job_id, "version": 0})
            job = {**job, "version": job["version"] + 1, **changes}
            self.jobs[job_id] = {**job, "retryable": job["state"] in ("failed", "cancelled")}
            self.changed.notify_all()

    def forget(self, job_id: str = ID) -> None:
        with self.changed:
            self.jobs[job_id] = {}
            self.changed.notify_all()

    def break_streams(self) -> None:
        with self.changed:
            self.life += 1
            self.changed.notify_all()

    def count(self, path: str) -> int:
        return sum(asked.endswith(path) for _, asked in self.asked)

    @contextmanager
    def running(self) -> Iterator["JobServer"]:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        try:
            yield self
        finally:
            self.break_streams()
            self._http.shutdown()
            self._http.server_close()


class Handler(BaseHTTPRequestHandler):
    @property
    def says(self) -> JobServer:
        return self.server.job_server  # type: ignore[attr-defined]

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        self.says.asked.append(("GET", path))
        if path == "/api/session/":
            return self.answer(200, {"user": {"username": "alice"}, "csrf_token": "fresh"})
        if self.says.status != 200:
            return self.answer(self.says.status, {})
        ids = [item.removeprefix("id=") for item in query.split("&") if item]
        if path.endswith("/stream/"):
            self.says.queries.append(query)
            return self.stream(ids)
        if path == "/api/progress/":
            found = [job for job_id in ids if (job := self.says.jobs.get(job_id))]
            missing = [job_id for job_id in ids if not self.says.jobs.get(job_id)]
            return self.answer(200, {"jobs": found, "missing": missing})
        job = self.says.jobs.get(path.split("/")[3])
        return self.answer(200, job) if job else self.answer(404 if job is None else 410, {})

    def do_POST(self) -> None:
        self.says.asked.append(("POST", self.path))
        self.says.tokens.append(self.headers["X-CSRFToken"])
        if self.headers["X-CSRFToken"] != "fresh":
            return self.answer(403, {})
        if self.says.status != 200:
            return self.answer(self.says.status, {})
        if self.path.endswith("/cancel/"):
            self.says.say(cancel_requested=True)
        else:
            self.says.say(state="queued", percent=None, attempt=0, error=None)
        return self.answer(200, self.says.jobs[ID])

    def do_OPTIONS(self) -> None:
        self.answer(200, {})

    def stream(self, ids: list[str]) -> None:
        if self.says.stream_status != 200:
            return self.answer(self.says.stream_status, {})
        self.head(200, "text/event-stream")
        is_of_all = not ids
        sent = {} if is_of_all else dict.fromkeys(ids, 0)
        with self.says.changed:
            life = self.says.life
            self.says.streams += 1
            try:
                if is_of_all:
                    self.event("ready", {})
                    sent = {job_id: job["version"] for job_id, job in self.says.jobs.items() if job}
                while self.says.life == life and (sent or is_of_all):
                    self.tell(sent, is_of_all)
                    self.says.changed.wait(self.says.comment_seconds)
                if not sent and not is_of_all:
                    self.event("end", {})
            except OSError:
                pass  # the client has gone
            finally:
                self.says.streams -= 1

    def tell(self, sent: dict[str, int], is_of_all: bool) -> None:
        """Send what is newer. A stream of all jobs doesn't report deleted ones."""
        for job_id in list(sent):
            job = self.says.jobs.get(job_id)
            if not job:
                del sent[job_id]
                if not is_of_all:
                    self.event("missing", {"id": job_id})
            elif job["version"] > sent[job_id]:
                sent[job_id] = job["version"]
                self.event("job", job)
                if job["state"] in ("succeeded", "failed", "cancelled"):
                    del sent[job_id]
        self.send(b": still here\n\n")

    def event(self, name: str, data: dict) -> None:
        self.send(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())

    def send(self, data: bytes) -> None:
        if not self.says.is_buffered:
            self.wfile.write(data)

    def answer(self, status: int, body: dict) -> None:
        self.head(status, "application/json")
        self.wfile.write(json.dumps(body).encode())

    def head(self, status: int, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin", "null"))
        self.send_header("Access-Control-Allow-Credentials", "true")
        self.send_header("Access-Control-Allow-Headers", "X-CSRFToken")
        self.send_header("Access-Control-Expose-Headers", "Retry-After")
        for name, value in self.says.headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass
