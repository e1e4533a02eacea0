"""Requests sent in several threads during an upgrade, a rollback or a backup. Every one of them must succeed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.deploy.visitor import MULTIPART, Response, Visitor, form

PAUSE_SECONDS = 0.05
"""Pause between two requests of one thread, so that the load itself doesn't slow the upgrade down."""

UPLOAD_PAUSE_SECONDS = 0.5
"""Pause between two uploads, and between two pieces of the slow upload."""


class Load:
    """Results of the requests: failures, finished uploads, counts by kind, and the slowest response in seconds."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._stop = threading.Event()
        self.failures: list[str] = []
        self.uploads: list[dict] = []
        self.counts = {"pages": 0, "api": 0, "uploads": 0}
        self.slowest = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Send requests during the block. At its end, each thread finishes its current request."""
        self._stop.clear()
        loops = [self._read_pages, self._call_api, self._upload, self._upload_slowly]
        threads = [threading.Thread(target=self._record_failure, args=(loop,)) for loop in loops]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def _record_failure(self, loop: Callable[[], None]) -> None:
        try:
            loop()
        except Exception as error:
            self.failures.append(f"{loop.__name__}: {error!r}")

    def _read_pages(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            self._expect(200, "pages", lambda: self._visitor.get("/todos/"))

    def _call_api(self) -> None:
        while not self._stop.wait(PAUSE_SECONDS):
            self._expect(200, "api", lambda: self._visitor.get("/api/todos/"))

    def _upload(self) -> None:
        while not self._stop.wait(UPLOAD_PAUSE_SECONDS):
            response = self._expect(202, "uploads", lambda: self._visitor.upload("note.txt", b"a note"))
            self.uploads.append(response.json())

    def _upload_slowly(self) -> None:
        """Send one form in pieces. Its body starts before the upgrade and ends after it."""
        body = form("slow.txt", b"x" * 100_000)
        connection = self._visitor.connect()
        connection.putrequest("POST", "/api/uploads/")
        for name, value in self._visitor.headers(Content_Type=MULTIPART, Content_Length=str(len(body))).items():
            connection.putheader(name, value)
        connection.endheaders()
        sent = 0
        while not self._stop.wait(UPLOAD_PAUSE_SECONDS) and sent < 90_000:
            connection.send(body[sent : sent + 100])
            sent += 100
        connection.send(body[sent:])
        response = Response(connection.getresponse())
        connection.close()
        assert response.status == 202, response.body
        self.uploads.append(response.json())

    def _expect(self, status: int, kind: str, send: Callable[[], Response]) -> Response:
        started_at = time.monotonic()
        response = send()
        self.slowest = max(self.slowest, time.monotonic() - started_at)
        assert response.status == status, (kind, response.status, response.body[:300])
        self.counts[kind] += 1
        return response
