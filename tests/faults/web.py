"""A real gunicorn with the real site, which tests can kill, and an HTTP client that can send any request to it."""

import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from progress.models import Job
from tests.faults.cluster import START_SECONDS, child_processes, kill, wait_until
from tests.paths import ROOT
from tests.ports import free_port

TUS = {"Tus-Resumable": "1.0.0"}
MEGABYTE = 1024**2
OCTETS = "application/offset+octet-stream"


class Web:
    """`gunicorn -c deploy/gunicorn.conf.py config.wsgi`. Several can share a state directory."""

    def __init__(self, state_dir: Path, database_url: str, **settings: str) -> None:
        self.state_dir = state_dir
        self.port = free_port()
        self.log = state_dir / f"gunicorn-{self.port}.log"
        self.environment = {
            "PATH": os.environ["PATH"],
            "DEBUG": "true",
            "STATE_DIR": str(state_dir),
            "DATABASE_URL": database_url,
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "1",
            "TMPDIR": str(state_dir),  # a killed server leaves temporary files behind
            "GUNICORN_CMD_ARGS": "--keep-alive 60",  # also the time for which it reads a body that it has rejected
            **settings,
        }

    def start(self, *wrapper: str) -> None:
        """Start the server and wait until it responds. A wrapper is a command that runs the command after it."""
        serve = [*wrapper, sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "config.wsgi"]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                serve, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until(self._is_ready, START_SECONDS)

    def stop(self) -> None:
        if self.process.poll() is None:
            for pid in self.workers:
                kill(pid, signal.SIGCONT)
            self.process.terminate()
        self.process.wait(120)

    def kill(self) -> None:
        """Kill all processes, as a power failure would."""
        for pid in (self.process.pid, *self.workers):
            kill(pid)
        self.process.wait(30)

    @property
    def workers(self) -> list[int]:
        return [process.pid for process in child_processes(self.process.pid)]

    def _is_ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return bool(send(self, "GET", "/healthz/", {}).status)
        except OSError:
            return False


@contextmanager
def running_web(state_dir: Path, database_url: str, **settings: str) -> Iterator[Web]:
    web = Web(state_dir, database_url, **settings)
    web.start()
    try:
        yield web
    finally:
        web.stop()


class Response:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def offset(self) -> int:
        return int(self.headers["Upload-Offset"])

    @property
    def path(self) -> str:
        """The path of the Location header, without the host."""
        return "/" + self.headers["Location"].split("/", 3)[3]


class Visitor:
    """HTTP client with a user's session, for all servers of the site."""

    def __init__(self, user: User) -> None:
        self.user = user
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        self._cookies = f"{name}={client.cookies[name].value}"
        self._tokens: dict[int, str] = {}

    def headers(self, web: Web) -> dict[str, str]:
        """Return the headers that every request needs: cookies and CSRF token."""
        if web.port not in self._tokens:
            response = send(web, "GET", "/api/session/", {"Cookie": self._cookies})
            self._tokens[web.port] = json.loads(response.body)["csrf_token"]
            self._cookies += "; " + response.headers["Set-Cookie"].split(";")[0]
        return {"Cookie": self._cookies, "X-CSRFToken": self._tokens[web.port]}

    def send(
        self, web: Web, method: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str
    ) -> Response:
        """Send a request with the session and the given headers, whose names are written with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return send(web, method, path, self.headers(web) | TUS | named, body)

    def create_transfer(self, web: Web, length: int | None, **headers: str) -> Response:
        """Create a tus upload. Its length is deferred if it is None."""
        size = {"Upload_Defer_Length": "1"} if length is None else {"Upload_Length": str(length)}
        return self.send(web, "POST", "/api/tus", **size, **headers)

    def offset(self, web: Web, path: str) -> int:
        return self.send(web, "HEAD", path).offset

    def patch(self, web: Web, path: str, offset: int, body: bytes) -> Response:
        return self.send(web, "PATCH", path, body, Upload_Offset=str(offset), Content_Type=OCTETS)

    def start_patch(self, web: Web, path: str, offset: int, body: bytes, length: int) -> socket.socket:
        """Send a PATCH with a Content-Length of `length`, and only `body`. The caller sends the rest, or doesn't."""
        own = {"Upload-Offset": str(offset), "Content-Type": OCTETS, "Content-Length": str(length)}
        headers = {"Host": f"localhost:{web.port}"} | self.headers(web) | TUS | own
        return _connect_and_send(web, f"PATCH {path}", headers, body)

    def open_stream(self, web: Web, job: Job) -> socket.socket:
        """Request the stream of the job. The caller reads the response."""
        headers = {"Host": f"localhost:{web.port}"} | self.headers(web)
        return _connect_and_send(web, f"GET /api/progress/stream/?id={job.pk}", headers)

    def download(self, web: Web, path: str) -> bytes:
        """Return the content of the upload that the transfer with this path has become."""
        response = self.send(web, "GET", f"{path.replace('/api/tus', '/uploads')}/download/")
        assert response.status == 200, response.body
        return response.body


def send(
    web: Web, method: str, path: str, headers: dict[str, str], body: bytes | Iterator[bytes] | None = None
) -> Response:
    """Send one request with exactly these headers. The body is sent in chunks if it is an iterator."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
    try:
        connection.request(method, path, body, {"Host": f"localhost:{web.port}"} | headers)
        return Response(connection.getresponse())
    finally:
        connection.close()


def _connect_and_send(web: Web, method_and_path: str, headers: dict[str, str], body: bytes = b"") -> socket.socket:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    connection = socket.create_connection(("127.0.0.1", web.port), timeout=30)
    connection.sendall("\r\n".join([f"{method_and_path} HTTP/1.1", *lines, "", ""]).encode() + body)
    return connection


def read_response(connection: socket.socket) -> Response:
    """Read the response to the request that was sent over the socket."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return Response(response)


_numbers = itertools.count()


def make_user() -> User:
    return User.objects.create(username=f"user-{next(_numbers)}")
