"""Imports in a real cluster: cancelled and killed half-way, they leave nothing; the attempt that ends, all of it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from progress.connections import release_connection
from progress.models import Job, State
from progress.tasks import cancel_job, retry_job
from tests.faults.cluster import Cluster, kill, wait_until
from tests.helpers import file, make_todo
from todos.tasks import import_file
from uploads.models import Upload
from uploads.receiving import ingest

ROWS = 20_000
"""So many take a fast machine some seconds."""


def begin(owner) -> Upload:
    rows = "".join(f"Thing {number},uid-{number}\n" for number in range(ROWS))
    return ingest.create_upload(owner, file(f"title,uid\n{rows}".encode(), "things.csv"), import_file)


def begin_aside(owner) -> Upload:
    """By another connection than that of the test."""
    with ThreadPoolExecutor(1) as pool:
        upload = pool.submit(begin, owner).result()
        pool.submit(release_connection).result()
    return upload


def half_way(cluster: Cluster, job: Job) -> int:
    """The process id of the worker, once it has begun to check the rows."""

    def is_checking() -> bool:
        job.refresh_from_db()
        assert job.state in (State.QUEUED, State.RUNNING)
        return job.stage == "Checking rows" and job.current > 0

    wait_until(is_checking, 60)
    return worker_of(job)


def worker_of(job: Job) -> int:
    """Others may be busy with what is done daily."""
    return int(Job.objects.get(pk=job.pk).worker.rpartition(":")[2])


def test_what_is_cancelled_or_killed_half_way_leaves_nothing_and_can_be_done_again(cluster, alice):
    upload = begin(alice)
    half_way(cluster, upload.job)
    cancel_job(upload.job)
    cluster.wait_for(upload.job, State.CANCELLED)
    assert alice.todos.count() == 0
    retry_job(upload.job)
    kill(half_way(cluster, upload.job))
    assert alice.todos.count() == 0
    job = cluster.wait_for(upload.job, State.SUCCEEDED, seconds=120)
    assert (job.attempt, job.result["added"]) == (2, ROWS)
    assert alice.todos.values("title", "order").distinct().count() == alice.todos.count() == ROWS


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_worker_that_is_killed_while_it_writes_has_written_nothing(cluster, alice):
    """It waits in the middle of its rows for somebody who has just used the same uid; on SQLite nobody could."""
    with transaction.atomic():
        make_todo(owner=alice, uid=f"uid-{ROWS // 2}", order=0)
        job = begin_aside(alice).job
        wait_until(lambda: Job.objects.get(pk=job.pk).stage == "Writing to-dos", 120)
        kill(worker_of(job))
        transaction.set_rollback(True)
    job = cluster.wait_for(job, State.SUCCEEDED, seconds=120)
    assert (job.attempt, job.result["added"], alice.todos.count()) == (2, ROWS, ROWS)
