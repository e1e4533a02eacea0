"""How long a new job waits for an idle worker: from just before its commit until its task runs."""

import random
import time
from collections.abc import Iterator
from statistics import median

from django.db import transaction

from tests.bench.databases import KINDS, Databases, using
from tests.bench.peers import OURS, STOCK, Diary, Peer
from tests.bench.results import Result
from tests.bench.size import size
from tests.faults.cluster import RECOVERY_SECONDS, START_SECONDS, wait_until

JOBS = size(100, quick=3)
MOST = {"sqlite": 0.150, "postgresql": 0.010}
"""Seconds."""


def measure(databases: Databases) -> Iterator[Result]:
    """On both databases; Django-Q2 by itself is for information."""
    for kind in KINDS:
        ours, stock = (median(waits(peer, databases, kind)) for peer in (OURS, STOCK))
        yield Result("latency: p50 of enqueued → running", kind, ours * 1000, MOST[kind] * 1000, "ms", most=1)
        yield Result("latency: p50 / Django-Q2's", kind, ours * 1000, stock * 1000, "ms")


def waits(peer: Peer, databases: Databases, kind: str) -> list[float]:
    """How many seconds each of the jobs waited."""
    url = databases.new(kind)
    directory = databases.directory
    diary = Diary(directory / f"latency-{peer.settings}-{kind}")
    with using(url):
        peer.prepare()
        peer.enqueue(diary.path)
        with peer.working(url, log=directory / f"{diary.path.name}.log"):
            diary.wait_for(1, START_SECONDS)
            enqueued_at = [_enqueue_when_idle(peer, diary) for _ in range(JOBS)]
    return [ran_at - at for at, ran_at in zip(enqueued_at, diary.times()[1:], strict=True)]


def _enqueue_when_idle(peer: Peer, diary: Diary) -> float:
    """When it was enqueued; the task has run when this returns."""
    wait_until(lambda: not peer.is_busy())
    time.sleep(random.uniform(0.1, 0.3))  # so that it falls anywhere between two questions of the cluster
    count = len(diary.times())
    with transaction.atomic():
        peer.enqueue(diary.path)
        enqueued_at = time.monotonic()
    diary.wait_for(count + 1, RECOVERY_SECONDS)
    return enqueued_at
