"""Visitors who don't wait for an upgrade to be over: what they do meanwhile must all succeed."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.deploy.visitor import MULTIPART, Answer, Visitor, form

PAUSE_SECONDS = 0.05
"""Between two requests of one visitor; he shall not be what makes the upgrade slow."""

STEP_SECONDS = 0.5
"""How long the slow one waits between two pieces of his file."""


class Load:
    """What became of the requests."""

    def __init__(self, visitor: Visitor) -> None:
        self._visitor = visitor
        self._over = threading.Event()
        self.failures: list[str] = []
        self.uploads: list[dict] = []
        self.counts = {"pages": 0, "calls": 0, "uploads": 0}
        self.longest = 0.0

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Meanwhile they are at it; at the end each finishes what it has begun."""
        self._over.clear()
        work = [self._read_pages, self._call, self._upload, self._upload_slowly]
        threads = [threading.Thread(target=self._watch, args=(each,)) for each in work]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _watch(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self.failures.append(f"{work.__name__}: {error!r}")

    def _read_pages(self) -> None:
        while not self._over.wait(PAUSE_SECONDS):
            self._expect(200, "pages", lambda: self._visitor.get("/todos/"))

    def _call(self) -> None:
        while not self._over.wait(PAUSE_SECONDS):
            self._expect(200, "calls", lambda: self._visitor.get("/api/todos/"))

    def _upload(self) -> None:
        while not self._over.wait(STEP_SECONDS):
            answer = self._expect(202, "uploads", lambda: self._visitor.upload("note.txt", b"a note"))
            self.uploads.append(answer.json())

    def _upload_slowly(self) -> None:
        """One form whose body begins before the upgrade and ends after it."""
        body = form("slow.txt", b"x" * 100_000)
        connection = self._visitor.connect()
        connection.putrequest("POST", "/api/uploads/")
        for name, value in self._visitor.headers(Content_Type=MULTIPART, Content_Length=str(len(body))).items():
            connection.putheader(name, value)
        connection.endheaders()
        sent = 0
        while not self._over.wait(STEP_SECONDS) and sent < 90_000:
            connection.send(body[sent : sent + 100])
            sent += 100
        connection.send(body[sent:])
        answer = Answer(connection.getresponse())
        connection.close()
        assert answer.status == 202, answer.body
        self.uploads.append(answer.json())

    def _expect(self, status: int, kind: str, ask: Callable[[], Answer]) -> Answer:
        began = time.monotonic()
        answer = ask()
        self.longest = max(self.longest, time.monotonic() - began)
        assert answer.status == status, (kind, answer.status, answer.body[:300])
        self.counts[kind] += 1
        return answer
