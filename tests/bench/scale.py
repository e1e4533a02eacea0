"""What more workers bring, on one PostgreSQL: one, two and four of them, and two clusters of two.

There are two kinds of jobs. Those that do nothing show what delivering costs: they share the cores of this machine with
PostgreSQL, so that more workers bring little where there are few cores. Those that wait for a while show what more
machines bring, because each job takes its time elsewhere. How many jobs one core of PostgreSQL is enough for is told by
the CPU time that it takes for each.
"""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from django.db import transaction

from progress import processes
from tests.bench.databases import Databases, using
from tests.bench.peers import Diary, Ours
from tests.bench.results import Result
from tests.faults.cluster import START_SECONDS, wait_until

JOBS = 400
"""Fewer than the 500 after which Django-Q2 replaces a worker."""

LONGEST_SECONDS = 300
WAITING_SECONDS = 0.05
SHAPES = ((1, 1), (1, 2), (1, 4), (2, 2))
"""Clusters, and the workers of each."""

LEAST = {(1, 2): 1.7, (1, 4): 2.8, (2, 2): 2.8}
"""How many times the jobs of one worker, when they wait."""


class Speed(NamedTuple):
    jobs_a_second: float
    cpu_a_job: float
    """PostgreSQL's, in seconds."""


def measure(databases: Databases) -> Iterator[Result]:
    for kind, seconds in (("that do nothing", 0.0), (f"of {WAITING_SECONDS * 1000:.0f} ms", WAITING_SECONDS)):
        speeds = {shape: speed(databases, *shape, seconds) for shape in SHAPES}
        alone = speeds[1, 1].jobs_a_second
        for (clusters, workers), measured in speeds.items():
            least = LEAST.get((clusters, workers)) if seconds else None
            name = f"scale: jobs {kind}, {clusters} × {workers} workers / 1"
            yield Result(name, "postgresql", measured.jobs_a_second, alone, "jobs/s", least=least)
        fastest = max(speeds.values())
        name = f"scale: jobs {kind}, PostgreSQL's CPU a job / time a job"
        yield Result(name, "postgresql", fastest.cpu_a_job * 1000, 1000 / fastest.jobs_a_second, "ms")


def speed(databases: Databases, clusters: int, workers: int, seconds: float) -> Speed:
    """With a database of its own; the jobs are there before the clusters are."""
    url = databases.new("postgresql")
    peer = Ours("installed", WORKER_CONCURRENCY=str(workers))
    diary = Diary(databases.directory / f"scale-{clusters}-{workers}-{seconds}")
    with using(url), ExitStack() as stack:
        peer.prepare()
        with transaction.atomic():
            for _ in range(JOBS):
                peer.enqueue(diary.path, seconds)
        for number in range(clusters):
            stack.enter_context(peer.working(url, log=databases.directory / f"{diary.path.name}-{number}.log"))
        diary.wait_for(1, START_SECONDS)
        cpu_before, begun = cpu_seconds(databases), len(diary.times())
        began_at = time.monotonic()
        diary.wait_for(JOBS, LONGEST_SECONDS)
        wait_until(lambda: not peer.is_busy(), LONGEST_SECONDS)
        took = time.monotonic() - began_at
        return Speed((JOBS - begun) / took, (cpu_seconds(databases) - cpu_before) / (JOBS - begun))


def cpu_seconds(databases: Databases) -> float:
    """What the PostgreSQL server has used up till now, in all its processes and those that have ended."""
    postmaster = int((databases.server.directory / "data" / "postmaster.pid").read_text().split()[0])
    ticks = sum(_times(postmaster, ended=True))
    for child in processes.everybody():
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
