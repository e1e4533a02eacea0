"""2,000 event streams of 500 moving jobs, on one gunicorn with two processes and PostgreSQL; 20 streams of all of them.

How late the clients are told, what the streams cost the database and in memory, and how the pages fare meanwhile.
"""

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from progress.models import Job, State
from tests.bench.aside import aside, notes_of
from tests.bench.databases import Databases, using
from tests.bench.movers import FIRST_VERSION, move
from tests.bench.results import Result
from tests.bench.watchers import watch
from tests.bench.web import Web, web
from todos.models import Todo

JOBS = 500
STREAMS = 2000
FEW_STREAMS = 20
TODOS = 20

WARM_UP_SECONDS = 5.0
SECONDS = 10.0
"""How long each thing is measured."""

ROUNDS = 3
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
    owner = User.objects.create(username="alice")
    Todo.objects.bulk_create(Todo(owner=owner, title=f"To-do {number}", order=number) for number in range(TODOS))
    jobs = running_jobs(owner)
    cookie = log_in(owner)

    site.page_seconds(PAGE, cookie, WARM_UP_SECONDS)
    idle_page, _ = slowest_of_pages(site, cookie)

    with aside(move, jobs) as movers:
        with watching(site, cookie, [jobs[first::FEW_STREAMS] for first in range(FEW_STREAMS)]):
            few_queries = site.queries_a_second(SECONDS)
            few_memory = site.memory()
        with watching(site, cookie, [[jobs[number % JOBS]] for number in range(STREAMS)]) as watchers:
            queries = site.queries_a_second(SECONDS)
            page, rounds = slowest_of_pages(site, cookie)
            memory = (site.memory() - few_memory) / (STREAMS - FEW_STREAMS)
            time.sleep(PATIENCE_SECONDS)
            receipts = notes_of(watchers)
        times = notes_of(movers)

    late = [list(delays(times, receipts, *between)) for between in rounds]
    for percent, most in ((50, None), (99, 1)):
        ours = min(percentile(percent, seconds) for seconds in late)
        name = f"streams: p{percent} of commit → client"
        yield Result(name, "postgresql", ours * 1000, MOST_SECONDS * 1000, "ms", most=most)
    name = f"streams: queries a second / with {FEW_STREAMS} streams"
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


def running_jobs(owner: User) -> list[Job]:
    now = timezone.now()
    started = {"state": State.RUNNING, "attempt": 1, "claim": 1, "started_at": now, "heartbeat_at": now}
    return Job.objects.bulk_create(Job(owner=owner, label="Importing plants.csv", **started) for _ in range(JOBS))


def log_in(user: User) -> str:
    """The cookie of a session of theirs."""
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].OutputString([])


@contextmanager
def watching(site: Web, cookie: str, streams: Sequence[Sequence[Job]]) -> Iterator[Connection]:
    """A stream is open for each of these groups of jobs, and has been for a while."""
    job_ids = [[job.pk for job in jobs] for jobs in streams]
    with aside(watch, site.port, cookie, job_ids) as watchers:
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
