"""Time from a change of a to-do on one device until a page on another device has received the new row.

The page receives an event of its stream and then requests the row, from gunicorn with two processes and PostgreSQL.
"""

import http.client
import json
import random
import statistics
import time
from collections.abc import Iterator

from django.contrib.auth.models import User

from tests.bench.databases import Databases, using
from tests.bench.results import Result
from tests.bench.size import size
from tests.bench.streams import log_in
from tests.bench.web import Site, running_site
from todos.models import Todo

TODOS = size(100, quick=10)
ROUNDS = size(60, quick=3)
PAUSE_SECONDS = 0.3
MAX_MS = 1000.0


def measure(databases: Databases) -> Iterator[Result]:
    url = databases.create("postgresql")
    with using(url), running_site(databases, url) as site:
        owner = User.objects.create(username="alice")
        todos = [Todo.objects.create(owner=owner, title=f"To-do {number}") for number in range(TODOS)]
        page = Page(site, log_in(owner))
        times = [page.seconds_until_row(random.choice(todos)) for _ in range(ROUNDS)]
        page.close()
    median = statistics.median(times)
    yield Result("live: median of commit → row", "postgresql", median * 1000, MAX_MS, "ms", max_ratio=0.5)
    yield Result("live: maximum of commit → row", "postgresql", max(times) * 1000, MAX_MS, "ms", max_ratio=1)


class Page:
    """A client that requests what the script of a page requests."""

    def __init__(self, site: Site, cookie: str) -> None:
        self._site = site
        self._cookie = cookie
        self._connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
        headers = {"Host": f"localhost:{site.port}", "Cookie": cookie}
        self._connection.request("GET", "/api/todos/stream/", headers=headers)
        self._stream = self._connection.getresponse()

    def seconds_until_row(self, todo: Todo) -> float:
        """Change the to-do at a random time between two ticks. Return the seconds until its row is received."""
        time.sleep(random.uniform(0, PAUSE_SECONDS))
        started_at = time.monotonic()
        todos = Todo.objects.filter(pk=todo.pk)
        assert todos.complete() or todos.reactivate()
        while str(todo.pk) not in self._next_changes():
            pass
        assert self._site.status(f"/todos/changes/?id={todo.pk}", self._cookie, **{"HX-Request": "true"}) == 200
        return time.monotonic() - started_at

    def close(self) -> None:
        self._stream.close()
        self._connection.close()

    def _next_changes(self) -> dict[str, int]:
        while line := self._stream.readline():
            if line.startswith(b"data: "):
                return json.loads(line.removeprefix(b"data: "))["changed"] or {}
        raise ConnectionError("The stream ended.")
