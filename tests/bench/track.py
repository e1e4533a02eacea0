"""Overhead of `progress.track` per iteration of a loop, against tqdm, which writes to the null device here.

The job is in a real database, and its heartbeat writes to it during the loop.
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
"""Duration of the loop whose database writes are counted."""


def measure(databases: Databases) -> Iterator[Result]:
    for kind in KINDS:
        with ProcessPoolExecutor(1, get_context("fork")) as pool:  # a heartbeat keeps its first database
            yield from pool.submit(_measure_on, databases.create(kind), kind).result()


def _measure_on(url: str, kind: str) -> list[Result]:
    with using(url):
        return list(_measure(kind))


def _measure(kind: str) -> Iterator[Result]:
    rounds = [(seconds_with_track(ITERATIONS), seconds_with_tqdm(ITERATIONS)) for _ in range(ROUNDS)]
    track, tqdm_time = (min(seconds) / ITERATIONS * 1e9 for seconds in zip(*rounds, strict=True))
    yield Result("track: an iteration / tqdm's", kind, track, tqdm_time, "ns", max_ratio=1)

    seconds, writes = count_writes(iterations=int(LONG_SECONDS / (track / 1e9)))
    yield Result("track: writes per second", kind, (writes - 1) / seconds, 1 / WRITE_INTERVAL, "/s", max_ratio=1)


def seconds_with_track(iterations: int) -> float:
    progress = Progress()
    with Heartbeat(Attempt(claim_new_job()), progress):
        started_at = time.perf_counter()
        for _ in progress.track(range(iterations), stage="Counting"):
            pass
        return time.perf_counter() - started_at


def count_writes(iterations: int) -> tuple[float, int]:
    """Return the duration of a loop and the number of writes, of which one is for the start of the stage."""
    job, progress = claim_new_job(), Progress()
    with Heartbeat(Attempt(job), progress):
        started_at = time.perf_counter()
        for _ in progress.track(range(iterations), stage="Counting"):
            pass
        seconds = time.perf_counter() - started_at
    return seconds, Job.objects.get(pk=job.pk).version - job.version


def seconds_with_tqdm(iterations: int) -> float:
    with open(os.devnull, "w") as null:
        started_at = time.perf_counter()
        for _ in tqdm(range(iterations), file=null):
            pass
        return time.perf_counter() - started_at


def claim_new_job() -> Job:
    owner, _ = User.objects.get_or_create(username="alice")
    Job.objects.create(owner=owner, label="Counting")
    return Job.objects.claim_next()
