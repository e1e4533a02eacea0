"""How many jobs a second two workers do when many wait: ours, against bare Django-Q2 without and with its results.

The time is that from the first task until all is written that the last one leaves, and no worker is replaced
meanwhile: Django-Q2 does that after 500 jobs.
"""

import time
from collections.abc import Iterator
from statistics import median

from django.db import transaction

from tests.bench.databases import KINDS, Databases, using
from tests.bench.peers import BARE, OURS, STOCK, Diary, Peer
from tests.bench.results import Result
from tests.bench.size import size
from tests.faults.cluster import START_SECONDS, wait_until

JOBS = size(800, quick=20)
ROUNDS = size(3, quick=1)
LONGEST_SECONDS = 300


def measure(databases: Databases) -> Iterator[Result]:
    """On both databases."""
    for kind in KINDS:
        rounds = [
            [jobs_a_second(peer, databases, kind, number) for peer in (OURS, BARE, STOCK)] for number in range(ROUNDS)
        ]
        ours, bare, stock = (median(measured) for measured in zip(*rounds, strict=True))
        yield Result("throughput / Django-Q2 that keeps no results", kind, ours, bare, "jobs/s", least=0.66)
        yield Result("throughput / Django-Q2 by itself", kind, ours, stock, "jobs/s", least=1)


def jobs_a_second(peer: Peer, databases: Databases, kind: str, number: int) -> float:
    """With a database and a cluster of its own; the jobs are there before the cluster is."""
    url = databases.new(kind)
    diary = Diary(databases.directory / f"throughput-{peer.settings}-{kind}-{number}")
    with using(url):
        peer.prepare()
        with transaction.atomic():
            for _ in range(JOBS):
                peer.enqueue(diary.path)
        with peer.working(url, log=databases.directory / f"{diary.path.name}.log"):
            diary.wait_for(1, START_SECONDS)
            diary.wait_for(JOBS, LONGEST_SECONDS)
            wait_until(lambda: not peer.is_busy(), LONGEST_SECONDS)
            ended_at = time.monotonic()
    return JOBS / (ended_at - diary.times()[0])
