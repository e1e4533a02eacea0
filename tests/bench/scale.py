"""Throughput with more workers on one PostgreSQL server: one, two and four workers, and two clusters of two.

There are two kinds of jobs. Jobs that do nothing measure the overhead of delivery. They share the cores of this machine
with PostgreSQL, so more workers help little on a machine with few cores. Jobs that wait simulate more machines, since
they use no CPU time here. The CPU time of PostgreSQL per job shows how many jobs one of its cores can serve. It is less
with Redis as the queue.
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
from tests.bench.engines import HeadwayEngine, TaskLog
from tests.bench.results import Result
from tests.bench.size import size
from tests.faults.cluster import START_SECONDS, wait_until

ROUNDS = size(3, quick=1)
JOBS = size(300, quick=20)
"""Django-Q2 replaces a worker after 500 jobs, which would affect the speed."""

TIMEOUT_SECONDS = 300
WAIT_SECONDS = 0.05
SHAPES = size(((1, 1), (1, 2), (1, 4), (2, 2)), quick=((1, 1), (2, 2)))
"""Numbers of clusters, and of workers in each."""

MIN_SPEEDUPS = {(1, 2): 1.7, (1, 4): 2.8, (2, 2): 2.8}
"""Required speed-up over one worker, by shape, for jobs that wait."""

_numbers = itertools.count()


class Speed(NamedTuple):
    jobs_per_second: float
    cpu_seconds_per_job: float
    """CPU time of PostgreSQL."""


def measure(databases: Databases) -> Iterator[Result]:
    """Compare with the speed of one worker, and PostgreSQL's CPU time with the elapsed time."""
    for kind, seconds in (("that do nothing", 0.0), (f"of {WAIT_SECONDS * 1000:.0f} ms", WAIT_SECONDS)):
        rounds = [{shape: measure_speed(databases, *shape, seconds) for shape in SHAPES} for _ in range(ROUNDS)]
        speeds = {shape: _median(measured[shape] for measured in rounds) for shape in SHAPES}
        one_worker = speeds[1, 1].jobs_per_second
        for (clusters, workers), speed in speeds.items():
            min_ratio = MIN_SPEEDUPS.get((clusters, workers)) if seconds else None
            name = f"scale: jobs {kind}, {clusters} × {workers} workers / 1"
            yield Result(name, "postgresql", speed.jobs_per_second, one_worker, "jobs/s", min_ratio=min_ratio)
        yield _cpu(f"jobs {kind}", speeds[2, 2])
    with redis.server(databases.directory) as queue:
        speed = _median(measure_speed(databases, 2, 2, 0.0, queue.url) for _ in range(ROUNDS))
    yield _cpu("jobs that do nothing, from Redis", speed)


def _median(speeds: Iterable[Speed]) -> Speed:
    return sorted(speeds)[ROUNDS // 2]


def _cpu(jobs: str, speed: Speed) -> Result:
    """Return the CPU time of PostgreSQL per job. The ratio is the number of cores that it used."""
    milliseconds = 1000 / speed.jobs_per_second
    name = f"scale: {jobs}, PostgreSQL's CPU / time"
    return Result(name, "postgresql", speed.cpu_seconds_per_job * 1000, milliseconds, "ms")


def measure_speed(databases: Databases, clusters: int, workers: int, seconds: float, queue_url: str = "") -> Speed:
    """Run jobs that wait for `seconds` in new clusters, which are ready before the jobs are enqueued."""
    url = databases.create("postgresql")
    engine = HeadwayEngine("default", WORKER_CONCURRENCY=str(workers), QUEUE_URL=queue_url)
    number = next(_numbers)
    log = TaskLog(databases.directory / f"scale-{number}")
    with using(url), using_queue(queue_url), ExitStack() as stack:
        engine.prepare()
        for cluster in range(clusters):
            stack.enter_context(engine.running_workers(url, log=databases.directory / f"scale-{number}-{cluster}.log"))
        wait_until(lambda: Worker.objects.alive().count() == clusters, START_SECONDS)
        with transaction.atomic():
            for _ in range(JOBS):
                engine.enqueue(log.path, seconds)
            cpu_before = cpu_seconds(databases)
            started_at = time.monotonic()
        log.wait_for(JOBS, TIMEOUT_SECONDS)
        wait_until(lambda: not engine.is_busy(), TIMEOUT_SECONDS)
        return Speed(JOBS / (time.monotonic() - started_at), (cpu_seconds(databases) - cpu_before) / JOBS)


@contextmanager
def using_queue(url: str) -> Iterator[None]:
    """Enqueue jobs of this process in this Redis queue, or in the database if the URL is empty."""
    if not url:
        yield
        return
    with patch.multiple(Conf, BROKER_CLASS="progress.queue.redis.RedisBroker", REDIS=url):
        yield


def cpu_seconds(databases: Databases) -> float:
    """Return the CPU time that PostgreSQL has used in all its processes, including those that ended."""
    postmaster = int((databases.server.directory / "data" / "postmaster.pid").read_text().split()[0])
    ticks = sum(_ticks(postmaster, with_children=True))
    for child in processes.all_processes():
        if child.parent == postmaster:
            ticks += sum(_ticks(child.pid, with_children=False))
    return ticks / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int, *, with_children: bool) -> list[int]:
    """Return user and system time in clock ticks (see proc(5)), optionally with those of children that ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
    return [int(field) for field in fields[11 : 15 if with_children else 13]]
