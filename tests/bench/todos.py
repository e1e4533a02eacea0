"""Response time of the first page of a list of 10,000 to-dos, against a list of 100, and the cost of 100 rows.

Django's test client calls the view with all middleware in this process, so nothing else is measured.
"""

import gzip
import time
from collections.abc import Iterator

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.bench.databases import KINDS, Databases, using
from tests.bench.results import Result
from tests.bench.size import size
from tests.todos.pages.helpers import MAX_COMPRESSED_BYTES, MAX_VARIED_BYTES, make_plain_todos, make_varied_todos

MANY, FEW = size((10_000, 100), quick=(200, 100))
ROUNDS = size(30, quick=2)
CPU_ROUNDS = size(30, quick=10)
MAX_QUERIES = 6
MAX_CPU_MS = 20
"""The limit for a page of 100 rows on SQLite. PostgreSQL's own time isn't measured, but the driver's is."""

URLS = {"page": "/todos/", "JSON": "/api/todos/"}


def measure(databases: Databases) -> Iterator[Result]:
    call_command("collectstatic", interactive=False, verbosity=0)  # the page contains their names
    for kind in KINDS:
        with using(databases.create(kind)):
            clients = [client_with_todos(number) for number in (MANY, FEW)]
            for name, url in URLS.items():
                rounds = [[response_seconds(client, url) for client in clients] for _ in range(ROUNDS)]
                many, few = (min(seconds) * 1000 for seconds in zip(*rounds, strict=True))
                queries = max(count_queries(client, url) for client in clients)
                yield Result(f"todos: {name}, first of {MANY:,} / of {FEW}", kind, many, few, "ms", max_ratio=1.5)
                yield Result(f"todos: {name}, queries", kind, queries, MAX_QUERIES, "", max_ratio=1)
            yield from measure_page_of_100(kind, plain=clients[-1])


def measure_page_of_100(kind: str, plain: Client) -> Iterator[Result]:
    """Measure a page of varied to-dos, and the size of one of to-dos that have only a title."""
    name = "todos: page of 100 rows"
    client = client_of(make_varied_todos(User.objects.create_user("owner of varied to-dos"), 100))
    cpu_ms = min(cpu_seconds(client, URLS["page"]) for _ in range(CPU_ROUNDS)) * 1000
    yield Result(f"{name}, CPU time", kind, cpu_ms, MAX_CPU_MS, "ms", max_ratio=1)
    yield Result(f"{name}, compressed", kind, compressed_bytes(client), MAX_VARIED_BYTES, "B", max_ratio=1)
    yield Result(
        f"{name}, only titles, compressed", kind, compressed_bytes(plain), MAX_COMPRESSED_BYTES, "B", max_ratio=1
    )


def client_with_todos(number: int) -> Client:
    """Return a client of a new user with this number of to-dos."""
    return client_of(make_plain_todos(User.objects.create_user(f"owner of {number}"), number))


def client_of(user: User) -> Client:
    client = Client(headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
    client.force_login(user)
    return client


def compressed_bytes(client: Client) -> int:
    return len(gzip.compress(client.get(URLS["page"]).content, 6))


def response_seconds(client: Client, url: str) -> float:
    started_at = time.perf_counter()
    assert client.get(url).status_code == 200
    return time.perf_counter() - started_at


def cpu_seconds(client: Client, url: str) -> float:
    started_at = time.process_time()
    client.get(url)
    return time.process_time() - started_at


def count_queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(url)
    return len(queries)
