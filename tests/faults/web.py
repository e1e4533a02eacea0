"""A real gunicorn with the real site, to be killed; and a client that can say what it likes to it."""

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
from progress.worker import processes
from tests.faults.cluster import START_SECONDS, kill, wait_until
from tests.paths import ROOT
from tests.ports import free_port

TUS = {"Tus-Resumable": "1.0.0"}
MEGABYTE = 1024**2
OCTETS = "application/offset+octet-stream"


class Web:
    """`gunicorn -c deploy/gunicorn.conf.py config.wsgi`, with a state directory that others may share."""

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
            "TMPDIR": str(state_dir),  # a server that is killed leaves something there
            "GUNICORN_CMD_ARGS": "--keep-alive 60",  # so long it goes on reading what it has refused
            **settings,
        }

    def start(self, *wrapper: str) -> None:
        """As the last arguments of another command, if one is given."""
        serve = [*wrapper, sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "config.wsgi"]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                serve, cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        wait_until(self._answers, START_SECONDS)

    def stop(self) -> None:
        if self.process.poll() is None:
            for pid in self.workers:
                kill(pid, signal.SIGCONT)
            self.process.terminate()
        self.process.wait(120)

    def kill(self) -> None:
        """As when the power fails."""
        for pid in (self.process.pid, *self.workers):
            kill(pid)
        self.process.wait(30)

    @property
    def workers(self) -> list[int]:
        return [each.pid for each in processes.everybody() if each.parent == self.process.pid]

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return bool(ask(self, "GET", "/healthz/", {}).status)
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


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def offset(self) -> int:
        return int(self.headers["Upload-Offset"])

    @property
    def path(self) -> str:
        """Of the Location, without the host."""
        return "/" + self.headers["Location"].split("/", 3)[3]


class Visitor:
    """Somebody who is logged in, at whichever server of the site."""

    def __init__(self, user: User) -> None:
        self.user = user
        client = Client()
        client.force_login(user)
        name = settings.SESSION_COOKIE_NAME
        self._cookies = f"{name}={client.cookies[name].value}"
        self._tokens: dict[int, str] = {}

    def headers(self, web: Web) -> dict[str, str]:
        """What each request needs, of whichever client."""
        if web.port not in self._tokens:
            answer = ask(web, "GET", "/api/session/", {"Cookie": self._cookies})
            self._tokens[web.port] = json.loads(answer.body)["csrf_token"]
            self._cookies += "; " + answer.headers["Set-Cookie"].split(";")[0]
        return {"Cookie": self._cookies, "X-CSRFToken": self._tokens[web.port]}

    def ask(
        self, web: Web, method: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return ask(web, method, path, self.headers(web) | TUS | named, body)

    def begin(self, web: Web, length: int | None, **headers: str) -> Answer:
        size = {"Upload_Defer_Length": "1"} if length is None else {"Upload_Length": str(length)}
        return self.ask(web, "POST", "/api/tus", **size, **headers)

    def offset(self, web: Web, path: str) -> int:
        return self.ask(web, "HEAD", path).offset

    def patch(self, web: Web, path: str, offset: int, body: bytes) -> Answer:
        return self.ask(web, "PATCH", path, body, Upload_Offset=str(offset), Content_Type=OCTETS)

    def half_a_patch(self, web: Web, path: str, offset: int, body: bytes, claimed: int) -> socket.socket:
        """Begin a PATCH of so many bytes, send these, and leave the rest to the caller."""
        own = {"Upload-Offset": str(offset), "Content-Type": OCTETS, "Content-Length": str(claimed)}
        sent = {"Host": f"localhost:{web.port}"} | self.headers(web) | TUS | own
        return _connection(web, f"PATCH {path}", sent, body)

    def stream(self, web: Web, job: Job) -> socket.socket:
        """Ask for the events of that job, and leave it to the caller to read them."""
        sent = {"Host": f"localhost:{web.port}"} | self.headers(web)
        return _connection(web, f"GET /api/progress/stream/?id={job.pk}", sent)

    def download(self, web: Web, path: str) -> bytes:
        """What became of the transfer."""
        answer = self.ask(web, "GET", f"{path.replace('/api/tus', '/uploads')}/download/")
        assert answer.status == 200, answer.body
        return answer.body


def ask(
    web: Web, method: str, path: str, headers: dict[str, str], body: bytes | Iterator[bytes] | None = None
) -> Answer:
    """Send one request, with these headers and no others. The body is chunked if it is an iterator."""
    connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=60)
    try:
        connection.request(method, path, body, {"Host": f"localhost:{web.port}"} | headers)
        return Answer(connection.getresponse())
    finally:
        connection.close()


def _connection(web: Web, what: str, headers: dict[str, str], body: bytes = b"") -> socket.socket:
    lines = [f"{name}: {value}" for name, value in headers.items()]
    connection = socket.create_connection(("127.0.0.1", web.port), timeout=30)
    connection.sendall("\r\n".join([f"{what} HTTP/1.1", *lines, "", ""]).encode() + body)
    return connection


def answer_of(connection: socket.socket) -> Answer:
    """The answer to what was sent by that socket."""
    response = http.client.HTTPResponse(connection)
    response.begin()
    return Answer(response)


_numbers = itertools.count()


def make_user() -> User:
    return User.objects.create(username=f"user-{next(_numbers)}")
