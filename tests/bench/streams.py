"""2,000 event streams of 500 running jobs of 50 users, on gunicorn with two processes and PostgreSQL.

It measures the delay of events, the number of queries, the memory per stream and the response times of pages. For
comparison, queries are also counted with one stream per user for all jobs of the user.
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
from tests.bench.databases import Databases, using
from tests.bench.forks import result_of, run_in_fork
from tests.bench.job_updates import FIRST_VERSION, update_jobs
from tests.bench.results import Result
from tests.bench.size import size
from tests.bench.stream_clients import open_streams
from tests.bench.web import Site, running_site
from todos.models import Todo

JOBS = size(500, quick=20)
STREAMS = size(2000, quick=40)
OWNERS = size(50, quick=4)
"""Enough users that none of them exceeds the limit of streams per user."""

TODOS = 20

WARM_UP_SECONDS = size(5.0, quick=0.5)
MEASURE_SECONDS = size(10.0, quick=1.0)

ROUNDS = size(3, quick=1)
"""The best of several rounds counts, because other processes slow some of them down."""

LATE_EVENT_SECONDS = size(3.0, quick=1.0)
"""Time to wait for delayed events at the end."""

PAGE = "/todos/"
MAX_DELAY_SECONDS = 0.5
MAX_BYTES_PER_STREAM = 40_000
MAX_QUERY_RATIO = 1.2
"""The number of queries should not depend on the number of streams, but it varies."""

Times = list[list[float]]
Receipts = list[list[tuple[int, float]]]


def measure(databases: Databases) -> Iterator[Result]:
    """Measure on PostgreSQL: sites with 2,000 streams use it."""
    url = databases.create("postgresql")
    with using(url), running_site(databases, url) as site:
        yield from _measure(site)


def _measure(site: Site) -> Iterator[Result]:
    owners = [User.objects.create(username=f"owner {number}") for number in range(OWNERS)]
    Todo.objects.bulk_create(Todo(owner=owners[0], title=f"To-do {number}", order=number) for number in range(TODOS))
    jobs = create_running_jobs(owners)
    cookies = [log_in(owner) for owner in owners]
    cookie = cookies[0]
    few = [(cookies[first], jobs[first::OWNERS]) for first in range(OWNERS)]
    many = [(cookies[number % JOBS % OWNERS], [jobs[number % JOBS]]) for number in range(STREAMS)]

    site.page_seconds(PAGE, cookie, WARM_UP_SECONDS)
    idle_page, _ = page_percentile(site, cookie)

    with run_in_fork(update_jobs, jobs) as updates:
        with watching(site, few):
            few_queries = site.queries_per_second(MEASURE_SECONDS)
            few_memory = site.memory()
        with watching(site, many) as clients:
            queries = site.queries_per_second(MEASURE_SECONDS)
            page, rounds = page_percentile(site, cookie)
            memory = (site.memory() - few_memory) / (STREAMS - OWNERS)
            time.sleep(LATE_EVENT_SECONDS)
            receipts = result_of(clients)
        times = result_of(updates)

    delays = [list(event_delays(times, receipts, *period)) for period in rounds]
    for percent, max_ratio in ((50, None), (99, 1)):
        delay = min(percentile(percent, seconds) for seconds in delays)
        name = f"streams: p{percent} of commit → client"
        yield Result(name, "postgresql", delay * 1000, MAX_DELAY_SECONDS * 1000, "ms", max_ratio=max_ratio)
    name = f"streams: queries per second / with {OWNERS} streams"
    yield Result(name, "postgresql", queries, few_queries, "/s", max_ratio=MAX_QUERY_RATIO)
    limit = MAX_BYTES_PER_STREAM / 1000
    yield Result("streams: memory per stream", "postgresql", memory / 1000, limit, "kB", max_ratio=1)
    yield Result(f"streams: p95 of {PAGE} / when idle", "postgresql", page * 1000, idle_page * 1000, "ms", max_ratio=2)


def page_percentile(site: Site, cookie: str) -> tuple[float, list[tuple[float, float]]]:
    """Return the 95th percentile of response times in the best round, and the start and end of each round."""
    percentiles, rounds = [], []
    for _ in range(ROUNDS):
        started_at = time.monotonic()
        percentiles.append(percentile(95, site.page_seconds(PAGE, cookie, MEASURE_SECONDS)))
        rounds.append((started_at, time.monotonic()))
    return min(percentiles), rounds


def create_running_jobs(owners: list[User]) -> list[Job]:
    """Create JOBS running jobs, distributed over the owners."""
    now = timezone.now()
    started = {"state": State.RUNNING, "attempt": 1, "claim": 1, "started_at": now, "heartbeat_at": now}
    label = "Importing plants.csv"
    return Job.objects.bulk_create(Job(owner=owners[number % OWNERS], label=label, **started) for number in range(JOBS))


def log_in(user: User) -> str:
    """Create a session. Return its cookie."""
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].OutputString([])


@contextmanager
def watching(site: Site, streams: Sequence[tuple[str, Sequence[Job]]]) -> Iterator[Connection]:
    """Keep a stream open for each cookie and its jobs within the block."""
    streams_to_open = [(cookie, [job.pk for job in jobs]) for cookie, jobs in streams]
    with run_in_fork(open_streams, site.port, streams_to_open) as clients:
        assert clients.recv()
        time.sleep(WARM_UP_SECONDS)
        yield clients


def event_delays(times: Times, receipts: Receipts, started_at: float, ended_at: float) -> Iterator[float]:
    """Yield the delay of each version in this period, for each stream. It is infinite for a version never received."""
    for number, received in enumerate(receipts):
        received = iter(received)
        version, received_at = next(received)
        for version_written, written_at in enumerate(times[number % len(times)], start=FIRST_VERSION):
            if started_at <= written_at < ended_at:
                while version < version_written:
                    version, received_at = next(received, (version_written, float("inf")))
                yield received_at - written_at


def percentile(percent: int, values: Sequence[float]) -> float:
    """Return the smallest value that this percentage of the values do not exceed. Values may be infinite."""
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1]
