"""The first page of a long list: what it costs with ten thousand to-dos, against a hundred.

Asked of the view through all middleware, in this process, so that nothing else is measured.
"""

import time
from collections.abc import Iterator

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.bench.databases import KINDS, Databases, using
from tests.bench.results import Result
from tests.bench.size import size
from todos import ordering
from todos.models import Todo

MANY, FEW = size((10_000, 100), quick=(200, 100))
ROUNDS = size(30, quick=2)
MOST_QUERIES = 6
URLS = {"page": "/todos/", "JSON": "/api/todos/"}


def measure(databases: Databases) -> Iterator[Result]:
    """On both databases."""
    call_command("collectstatic", interactive=False, verbosity=0)  # whose names the page needs
    for kind in KINDS:
        with using(databases.new(kind)):
            clients = [client_with(number) for number in (MANY, FEW)]
            for name, url in URLS.items():
                rounds = [[seconds(client, url) for client in clients] for _ in range(ROUNDS)]
                many, few = (min(measured) * 1000 for measured in zip(*rounds, strict=True))
                queries = max(count_queries(client, url) for client in clients)
                yield Result(f"todos: {name}, first of {MANY:,} / of {FEW}", kind, many, few, "ms", most=1.5)
                yield Result(f"todos: {name}, queries", kind, queries, MOST_QUERIES, "", most=1)


def client_with(number: int) -> Client:
    """Of somebody whose list is so long."""
    client = Client(headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
    client.force_login(make_list(User.objects.create_user(f"owner of {number}"), number))
    return client


def make_list(owner: User, number: int) -> User:
    """Of so many, of which every third is completed."""
    Todo.objects.bulk_create(
        Todo(owner=owner, title=f"Thing {place}", order=place * ordering.GAP, completed_at=None if place % 3 else Now())
        for place in range(number)
    )
    return owner


def seconds(client: Client, url: str) -> float:
    """How long one answer takes."""
    begun_at = time.perf_counter()
    assert client.get(url).status_code == 200
    return time.perf_counter() - begun_at


def count_queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as asked:
        client.get(url)
    return len(asked)
