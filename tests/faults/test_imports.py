"""Imports in a real cluster: a cancelled or killed attempt adds nothing, and the last attempt adds everything."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from progress.connections import release_connection
from progress.models import Job, State
from progress.tasks import cancel_job, retry_job
from tests.faults.cluster import kill, wait_until
from tests.helpers import file, make_todo
from todos.tasks import import_file
from uploads.models import Upload
from uploads.receiving import ingest

ROWS = 20_000
"""Enough rows to keep a fast machine busy for some seconds."""


def start_import(owner) -> Upload:
    rows = "".join(f"Thing {number},uid-{number}\n" for number in range(ROWS))
    return ingest.create_upload(owner, file(f"title,uid\n{rows}".encode(), "things.csv"), import_file)


def start_import_in_thread(owner) -> Upload:
    """Start an import by another database connection than the test's."""
    with ThreadPoolExecutor(1) as pool:
        upload = pool.submit(start_import, owner).result()
        pool.submit(release_connection).result()
    return upload


def wait_for_checks(job: Job) -> int:
    """Wait until the job is checking rows. Return the process id of its worker."""

    def is_checking() -> bool:
        job.refresh_from_db()
        assert job.state in (State.QUEUED, State.RUNNING)
        return job.stage == "Checking rows" and job.current > 0

    wait_until(is_checking, 60)
    return worker_of(job)


def worker_of(job: Job) -> int:
    """Return the process id of the job's worker. Other workers may be busy with daily maintenance."""
    return int(Job.objects.get(pk=job.pk).worker.rpartition(":")[2])


def test_cancelled_or_killed_import_adds_nothing_and_can_be_repeated(cluster, alice):
    upload = start_import(alice)
    wait_for_checks(upload.job)
    cancel_job(upload.job)
    cluster.wait_for(upload.job, State.CANCELLED)
    assert alice.todos.count() == 0
    retry_job(upload.job)
    kill(wait_for_checks(upload.job))
    assert alice.todos.count() == 0
    job = cluster.wait_for(upload.job, State.SUCCEEDED, seconds=120)
    assert (job.attempt, job.result["added"]) == (2, ROWS)
    assert alice.todos.values("title", "order").distinct().count() == alice.todos.count() == ROWS


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_import_killed_while_it_writes_adds_nothing(cluster, alice):
    """The import waits in the middle of its rows for a transaction with the same uid. SQLite has one writer only."""
    with transaction.atomic():
        make_todo(owner=alice, uid=f"uid-{ROWS // 2}", order=0)
        job = start_import_in_thread(alice).job
        wait_until(lambda: Job.objects.get(pk=job.pk).stage == "Writing to-dos", 120)
        kill(worker_of(job))
        transaction.set_rollback(True)
    job = cluster.wait_for(job, State.SUCCEEDED, seconds=120)
    assert (job.attempt, job.result["added"], alice.todos.count()) == (2, ROWS, ROWS)
