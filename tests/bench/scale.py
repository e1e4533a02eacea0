"""What more workers bring, on one PostgreSQL: one, two and four of them, and two clusters of two.

There are two kinds of jobs. Those that do nothing show what delivering costs: they share the cores of this machine with
PostgreSQL, so that more workers bring little where there are few cores. Those that wait for a while show what more
machines bring, because each job takes its time elsewhere. How many jobs one core of PostgreSQL is enough for is told by
the CPU time that it takes for each; with Redis for a queue that is less.
"""

import itertools
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from django.db import transaction
from django_q.conf import Conf

from progress.models import Worker
from progress.worker import processes
from tests import redis
from tests.bench.databases import Databases, using
from tests.bench.peers import Diary, Ours
from tests.bench.results import Result
from tests.bench.size import size
from tests.faults.cluster import START_SECONDS, wait_until

ROUNDS = size(3, quick=1)
JOBS = size(300, quick=20)
"""Fewer than the 500 after which Django-Q2 replaces a worker."""

LONGEST_SECONDS = 300
WAITING_SECONDS = 0.05
SHAPES = size(((1, 1), (1, 2), (1, 4), (2, 2)), quick=((1, 1), (2, 2)))
"""Clusters, and the workers of each."""

LEAST = {(1, 2): 1.7, (1, 4): 2.8, (2, 2): 2.8}
"""How many times the jobs of one worker, when they wait."""


_numbers = itertools.count()


class Speed(NamedTuple):
    jobs_a_second: float
    cpu_a_job: float
    """PostgreSQL's, in seconds."""


def measure(databases: Databases) -> Iterator[Result]:
    """What stands in the place of a peer is one worker, or the time that passes from one job to the next."""
    for kind, seconds in (("that do nothing", 0.0), (f"of {WAITING_SECONDS * 1000:.0f} ms", WAITING_SECONDS)):
        rounds = [{shape: speed(databases, *shape, seconds) for shape in SHAPES} for _ in range(ROUNDS)]
        speeds = {shape: _middle(measured[shape] for measured in rounds) for shape in SHAPES}
        alone = speeds[1, 1].jobs_a_second
        for (clusters, workers), measured in speeds.items():
            least = LEAST.get((clusters, workers)) if seconds else None
            name = f"scale: jobs {kind}, {clusters} × {workers} workers / 1"
            yield Result(name, "postgresql", measured.jobs_a_second, alone, "jobs/s", least=least)
        yield _cpu(f"jobs {kind}", speeds[2, 2])
    with redis.server(databases.directory) as queue:
        measured = _middle(speed(databases, 2, 2, 0.0, queue.url) for _ in range(ROUNDS))
    yield _cpu("jobs that do nothing, from Redis", measured)


def _middle(speeds: Iterable[Speed]) -> Speed:
    return sorted(speeds)[ROUNDS // 2]


def _cpu(jobs: str, measured: Speed) -> Result:
    """The ratio is how many cores PostgreSQL was using."""
    milliseconds = 1000 / measured.jobs_a_second
    name = f"scale: {jobs}, PostgreSQL's CPU / time"
    return Result(name, "postgresql", measured.cpu_a_job * 1000, milliseconds, "ms")


def speed(databases: Databases, clusters: int, workers: int, seconds: float, queue_url: str = "") -> Speed:
    """With a database of its own, whose clusters are there before the jobs are."""
    url = databases.new("postgresql")
    peer = Ours("installed", WORKER_CONCURRENCY=str(workers), QUEUE_URL=queue_url)
    number = next(_numbers)
    diary = Diary(databases.directory / f"scale-{number}")
    with using(url), using_queue(queue_url), ExitStack() as stack:
        peer.prepare()
        for cluster in range(clusters):
            stack.enter_context(peer.working(url, log=databases.directory / f"scale-{number}-{cluster}.log"))
        wait_until(lambda: Worker.objects.alive().count() == clusters, START_SECONDS)
        with transaction.atomic():
            for _ in range(JOBS):
                peer.enqueue(diary.path, seconds)
            cpu_before = cpu_seconds(databases)
            began_at = time.monotonic()
        diary.wait_for(JOBS, LONGEST_SECONDS)
        wait_until(lambda: not peer.is_busy(), LONGEST_SECONDS)
        return Speed(JOBS / (time.monotonic() - began_at), (cpu_seconds(databases) - cpu_before) / JOBS)


@contextmanager
def using_queue(url: str) -> Iterator[None]:
    """Let this process enqueue there, or in the database as usual."""
    if not url:
        yield
        return
    with patch.multiple(Conf, BROKER_CLASS="progress.queue.redis.RedisBroker", REDIS=url):
        yield


def cpu_seconds(databases: Databases) -> float:
    """What the PostgreSQL server has used up till now, in all its processes and those that have ended."""
    postmaster = int((databases.server.directory / "data" / "postmaster.pid").read_text().split()[0])
    ticks = sum(_times(postmaster, ended=True))
    for child in processes.all_processes():
        if child.parent == postmaster:
            ticks += sum(_times(child.pid, ended=False))
    return ticks / os.sysconf("SC_CLK_TCK")


def _times(pid: int, ended: bool) -> list[int]:
    """User and system time in ticks, as proc(5) has them; also of children that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
    return [int(field) for field in fields[11 : 15 if ended else 13]]
