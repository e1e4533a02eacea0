"""Jobs per second of two workers with a full queue, against Django-Q2 without and with results.

The time is measured from the first task to the last database write. There are fewer jobs than the 500 per worker after
which Django-Q2 replaces it.
"""

import time
from collections.abc import Iterator
from statistics import median

from django.db import transaction

from tests.bench.databases import KINDS, Databases, using
from tests.bench.engines import DJANGO_Q, DJANGO_Q_WITHOUT_RESULTS, HEADWAY, Engine, TaskLog
from tests.bench.results import Result
from tests.bench.size import size
from tests.faults.cluster import START_SECONDS, wait_until

JOBS = size(800, quick=20)
ROUNDS = size(3, quick=1)
ENGINES = (HEADWAY, DJANGO_Q_WITHOUT_RESULTS, DJANGO_Q)
TIMEOUT_SECONDS = 300


def measure(databases: Databases) -> Iterator[Result]:
    for kind in KINDS:
        rounds = [[jobs_per_second(engine, databases, kind, number) for engine in ENGINES] for number in range(ROUNDS)]
        headway, without_results, django_q = (median(speeds) for speeds in zip(*rounds, strict=True))
        yield Result("throughput / Django-Q2 without results", kind, headway, without_results, "jobs/s", min_ratio=0.66)
        yield Result("throughput / Django-Q2", kind, headway, django_q, "jobs/s", min_ratio=1)


def jobs_per_second(engine: Engine, databases: Databases, kind: str, number: int) -> float:
    """Return the speed of a new cluster that is started after the jobs were enqueued."""
    url = databases.create(kind)
    log = TaskLog(databases.directory / f"throughput-{engine.settings}-{kind}-{number}")
    with using(url):
        engine.prepare()
        with transaction.atomic():
            for _ in range(JOBS):
                engine.enqueue(log.path)
        with engine.running_workers(url, log=databases.directory / f"{log.path.name}.log"):
            log.wait_for(1, START_SECONDS)
            log.wait_for(JOBS, TIMEOUT_SECONDS)
            wait_until(lambda: not engine.is_busy(), TIMEOUT_SECONDS)
            ended_at = time.monotonic()
    return JOBS / (ended_at - log.times()[0])
