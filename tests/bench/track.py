"""What `progress.track` costs a loop, against tqdm, which counts too and writes to the null device here.

The job is in a real database, and its heartbeat writes meanwhile.
"""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from django.contrib.auth.models import User
from tqdm import tqdm

from progress.models import Job
from progress.reporter import Progress
from progress.worker.attempt import Attempt
from progress.worker.heartbeat import WRITE_INTERVAL, Heartbeat
from tests.bench.databases import KINDS, Databases, using
from tests.bench.results import Result
from tests.bench.size import size

ITERATIONS = size(1_000_000, quick=10_000)
ROUNDS = size(9, quick=1)
LONG_SECONDS = size(4.0, quick=0.5)
"""How long a loop must last for its writes to be counted."""


def measure(databases: Databases) -> Iterator[Result]:
    """On both databases."""
    for kind in KINDS:
        with ProcessPoolExecutor(1, get_context("fork")) as pool:  # a heartbeat stays with its process's database
            yield from pool.submit(_measure_on, databases.new(kind), kind).result()


def _measure_on(url: str, kind: str) -> list[Result]:
    with using(url):
        return list(_measure(kind))


def _measure(kind: str) -> Iterator[Result]:
    rounds = [(tracked(ITERATIONS), with_tqdm(ITERATIONS)) for _ in range(ROUNDS)]
    ours, peer = (min(seconds) / ITERATIONS * 1e9 for seconds in zip(*rounds, strict=True))
    yield Result("track: an iteration / tqdm's", kind, ours, peer, "ns", most=1)

    seconds, writes = tracked_for_long(iterations=int(LONG_SECONDS / (ours / 1e9)))
    yield Result("track: writes a second", kind, (writes - 1) / seconds, 1 / WRITE_INTERVAL, "/s", most=1)


def tracked(iterations: int) -> float:
    """How many seconds a loop takes that our job tracks."""
    progress = Progress()
    with Heartbeat(Attempt(claimed_job()), progress):
        begun_at = time.perf_counter()
        for _ in progress.track(range(iterations), stage="Counting"):
            pass
        return time.perf_counter() - begun_at


def tracked_for_long(iterations: int) -> tuple[float, int]:
    """The seconds, and how many writes there were; one of them is for the beginning of the stage."""
    job, progress = claimed_job(), Progress()
    with Heartbeat(Attempt(job), progress):
        begun_at = time.perf_counter()
        for _ in progress.track(range(iterations), stage="Counting"):
            pass
        seconds = time.perf_counter() - begun_at
    return seconds, Job.objects.get(pk=job.pk).version - job.version


def with_tqdm(iterations: int) -> float:
    """How many seconds the same loop takes with tqdm."""
    with open(os.devnull, "w") as nowhere:
        begun_at = time.perf_counter()
        for _ in tqdm(range(iterations), file=nowhere):
            pass
        return time.perf_counter() - begun_at


def claimed_job() -> Job:
    owner, _ = User.objects.get_or_create(username="alice")
    Job.objects.create(owner=owner, label="Counting")
    return Job.objects.claim_next()
