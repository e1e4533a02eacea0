"""2,000 event streams of 500 moving jobs of 50 users, on one gunicorn with two processes and PostgreSQL; and for
comparison one stream for all jobs of each user.

How late the clients are told, what the streams cost the database and in memory, and how the pages fare meanwhile.
"""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from progress.models import Job, State
from tests.bench.aside import aside, notes_of
from tests.bench.databases import Databases, using
from tests.bench.movers import FIRST_VERSION, move
from tests.bench.results import Result
from tests.bench.size import size
from tests.bench.watchers import watch
from tests.bench.web import Web, web
from todos.models import Todo

JOBS = size(500, quick=20)
STREAMS = size(2000, quick=40)
OWNERS = size(50, quick=4)
"""So many that none of them has more streams than a user may have."""

TODOS = 20

WARM_UP_SECONDS = size(5.0, quick=1.0)
SECONDS = size(10.0, quick=2.0)
"""How long each thing is measured."""

ROUNDS = size(3, quick=1)
"""Of what others on the machine disturb, the best of so many is taken."""

PATIENCE_SECONDS = 3.0
"""How long to wait for news that are late."""

PAGE = "/todos/"
MOST_SECONDS = 0.5
MOST_BYTES = 40_000
SAME = 1.2
"""At most so much more is still the same number of queries."""

Times = list[list[float]]
Receipts = list[list[tuple[int, float]]]


def measure(databases: Databases) -> Iterator[Result]:
    """On PostgreSQL, which who has 2,000 watchers has too."""
    url = databases.new("postgresql")
    with using(url), web(databases, url) as site:
        yield from _measure(site)


def _measure(site: Web) -> Iterator[Result]:
    owners = [User.objects.create(username=f"owner {number}") for number in range(OWNERS)]
    Todo.objects.bulk_create(Todo(owner=owners[0], title=f"To-do {number}", order=number) for number in range(TODOS))
    jobs = running_jobs(owners)
    cookies = [log_in(owner) for owner in owners]
    cookie = cookies[0]
    few = [(cookies[first], jobs[first::OWNERS]) for first in range(OWNERS)]
    many = [(cookies[number % JOBS % OWNERS], [jobs[number % JOBS]]) for number in range(STREAMS)]

    site.page_seconds(PAGE, cookie, WARM_UP_SECONDS)
    idle_page, _ = slowest_of_pages(site, cookie)

    with aside(move, jobs) as movers:
        with watching(site, few):
            few_queries = site.queries_a_second(SECONDS)
            few_memory = site.memory()
        with watching(site, many) as watchers:
            queries = site.queries_a_second(SECONDS)
            page, rounds = slowest_of_pages(site, cookie)
            memory = (site.memory() - few_memory) / (STREAMS - OWNERS)
            time.sleep(PATIENCE_SECONDS)
            receipts = notes_of(watchers)
        times = notes_of(movers)

    late = [list(delays(times, receipts, *between)) for between in rounds]
    for percent, most in ((50, None), (99, 1)):
        ours = min(percentile(percent, seconds) for seconds in late)
        name = f"streams: p{percent} of commit → client"
        yield Result(name, "postgresql", ours * 1000, MOST_SECONDS * 1000, "ms", most=most)
    name = f"streams: queries a second / with {OWNERS} streams"
    yield Result(name, "postgresql", queries, few_queries, "/s", most=SAME)
    yield Result("streams: memory a stream", "postgresql", memory / 1000, MOST_BYTES / 1000, "kB", most=1)
    yield Result(f"streams: p95 of {PAGE} / when idle", "postgresql", page * 1000, idle_page * 1000, "ms", most=2)


def slowest_of_pages(site: Web, cookie: str) -> tuple[float, list[tuple[float, float]]]:
    """p95 of what a page takes, in seconds, in the best of some rounds; and when each round began and ended."""
    found, rounds = [], []
    for _ in range(ROUNDS):
        begun_at = time.monotonic()
        found.append(percentile(95, site.page_seconds(PAGE, cookie, SECONDS)))
        rounds.append((begun_at, time.monotonic()))
    return min(found), rounds


def running_jobs(owners: list[User]) -> list[Job]:
    """Make JOBS running jobs, each of the next owner."""
    now = timezone.now()
    started = {"state": State.RUNNING, "attempt": 1, "claim": 1, "started_at": now, "heartbeat_at": now}
    label = "Importing plants.csv"
    return Job.objects.bulk_create(Job(owner=owners[number % OWNERS], label=label, **started) for number in range(JOBS))


def log_in(user: User) -> str:
    """The cookie of a session of theirs."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].OutputString([])


@contextmanager
def watching(site: Web, streams: Sequence[tuple[str, Sequence[Job]]]) -> Iterator[Connection]:
    """Open a stream for each cookie and its jobs, and keep them open for a while."""
    to_open = [(cookie, [job.pk for job in jobs]) for cookie, jobs in streams]
    with aside(watch, site.port, to_open) as watchers:
        assert watchers.recv()
        time.sleep(WARM_UP_SECONDS)
        yield watchers


def delays(times: Times, receipts: Receipts, begun_at: float, ended_at: float) -> Iterator[float]:
    """For each stream, and each version of its job from that time: how long until its client knew of it."""
    for number, received in enumerate(receipts):
        received = iter(received)
        version, received_at = next(received)
        for version_written, written_at in enumerate(times[number % len(times)], start=FIRST_VERSION):
            if begun_at <= written_at < ended_at:
                while version < version_written:
                    version, received_at = next(received, (version_written, float("inf")))
                yield received_at - written_at


def percentile(percent: int, values: Sequence[float]) -> float:
    """The smallest value that so many per cent don't exceed. One of them may be infinite: a version that never came."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]
