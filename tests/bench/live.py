"""How long it takes until a to-do that was changed on one device is there, as a row, for the page on another.

On one gunicorn with two processes and PostgreSQL: from the commit over the event of the page's stream to the fragment.
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
from tests.bench.web import Web, web
from todos.models import Todo

TODOS = size(100, quick=10)
ROUNDS = size(60, quick=3)
PAUSE_SECONDS = 0.3
A_SECOND = 1000.0


def measure(databases: Databases) -> Iterator[Result]:
    """On PostgreSQL, where the change is made by yet another process."""
    url = databases.new("postgresql")
    with using(url), web(databases, url) as site:
        owner = User.objects.create(username="alice")
        todos = [Todo.objects.create(owner=owner, title=f"To-do {number}") for number in range(TODOS)]
        page = Page(site, log_in(owner))
        times = [page.seconds_to_see(random.choice(todos)) for _ in range(ROUNDS)]
        page.close()
    yield Result(
        "live: median of commit → row", "postgresql", statistics.median(times) * 1000, A_SECOND, "ms", most=0.5
    )
    yield Result("live: worst of commit → row", "postgresql", max(times) * 1000, A_SECOND, "ms", most=1)


class Page:
    """What the script of a page does, without a browser."""

    def __init__(self, site: Web, cookie: str) -> None:
        self._site = site
        self._cookie = cookie
        self._connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=30)
        headers = {"Host": f"localhost:{site.port}", "Cookie": cookie}
        self._connection.request("GET", "/api/todos/stream/", headers=headers)
        self._stream = self._connection.getresponse()

    def seconds_to_see(self, todo: Todo) -> float:
        """From a change of it to its row. It is made at any time between two ticks."""
        time.sleep(random.uniform(0, PAUSE_SECONDS))
        begun_at = time.monotonic()
        changed = Todo.objects.filter(pk=todo.pk)
        assert changed.complete() or changed.reactivate()
        while str(todo.pk) not in self._next_changed():
            pass
        assert self._site.status(f"/todos/changes/?id={todo.pk}", self._cookie, **{"HX-Request": "true"}) == 200
        return time.monotonic() - begun_at

    def close(self) -> None:
        self._stream.close()
        self._connection.close()

    def _next_changed(self) -> dict[str, int]:
        while line := self._stream.readline():
            if line.startswith(b"data: "):
                return json.loads(line.removeprefix(b"data: "))["changed"] or {}
        raise ConnectionError("The stream has ended.")
