"""Latency of a new job on an idle worker: from just before its commit until its task runs."""

import random
import time
from collections.abc import Iterator
from statistics import median

from django.db import transaction

from tests.bench.databases import KINDS, Databases, using
from tests.bench.engines import DJANGO_Q, HEADWAY, Engine, TaskLog
from tests.bench.results import Result
from tests.bench.size import size
from tests.faults.cluster import RECOVERY_SECONDS, START_SECONDS, wait_until

JOBS = size(100, quick=3)
MAX_SECONDS = {"sqlite": 0.150, "postgresql": 0.010}


def measure(databases: Databases) -> Iterator[Result]:
    for kind in KINDS:
        headway, django_q = (median(latencies(engine, databases, kind)) for engine in (HEADWAY, DJANGO_Q))
        limit = MAX_SECONDS[kind] * 1000
        yield Result("latency: p50 of enqueued → running", kind, headway * 1000, limit, "ms", max_ratio=1)
        yield Result("latency: p50 / Django-Q2's", kind, headway * 1000, django_q * 1000, "ms")


def latencies(engine: Engine, databases: Databases, kind: str) -> list[float]:
    """Return the latency of each job, in seconds."""
    url = databases.create(kind)
    directory = databases.directory
    log = TaskLog(directory / f"latency-{engine.settings}-{kind}")
    with using(url):
        engine.prepare()
        engine.enqueue(log.path)
        with engine.running_workers(url, log=directory / f"{log.path.name}.log"):
            log.wait_for(1, START_SECONDS)
            enqueued_at = [_enqueue_when_idle(engine, log) for _ in range(JOBS)]
    return [ran - enqueued for enqueued, ran in zip(enqueued_at, log.times()[1:], strict=True)]


def _enqueue_when_idle(engine: Engine, log: TaskLog) -> float:
    """Enqueue a job and wait until its task has run. Return the time just before the commit."""
    wait_until(lambda: not engine.is_busy())
    time.sleep(random.uniform(0.1, 0.3))  # at a random time between two polls of the cluster
    count = len(log.times())
    with transaction.atomic():
        engine.enqueue(log.path)
        enqueued_at = time.monotonic()
    log.wait_for(count + 1, RECOVERY_SECONDS)
    return enqueued_at
