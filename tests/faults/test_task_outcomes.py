"""Tasks that succeed, fail or misbehave: each job ends in the expected state, and the cluster keeps running."""

import sqlite3
import time
from contextlib import closing

import pytest
from django.contrib.auth.models import User

from progress.models import Job, State
from tests.faults import tasks
from tests.faults.cluster import FINAL, wait_until


def test_each_task_ends_in_the_expected_state(cluster, alice):
    events = str(cluster.event_log)
    broken = tasks.return_function.enqueue(owner=alice, events=events)
    Job.objects.filter(pk=broken.pk).update(task="tests.faults.broken.task")
    expected = {
        broken: (State.FAILED, "internal", 2),
        tasks.return_function.enqueue(owner=alice, events=events): (State.FAILED, "internal", 2),
        tasks.catch_system_exit.enqueue(owner=alice, events=events): (State.SUCCEEDED, "", 1),
        tasks.raise_task_error.enqueue(owner=alice, events=events): (State.FAILED, "invalid", 1),
        tasks.exceed_time_limit.enqueue(owner=alice, events=events): (State.FAILED, "time_limit", 2),
        tasks.ignore_exceptions.enqueue(owner=alice, events=events): (State.FAILED, "time_limit", 1),
        tasks.work.enqueue(owner=alice, events=events, name="good"): (State.SUCCEEDED, "", 1),
    }
    for job, (state, code, attempt) in expected.items():
        job = cluster.wait_for(job, *FINAL, seconds=40)
        assert (job.task, job.state, job.error_code, job.attempt) == (job.task, state, code, attempt)
    wait_until(lambda: len(cluster.children()) == 4)


def test_progress_is_visible_while_a_task_is_in_a_transaction(cluster, alice, database_url):
    """On SQLite, which has one writer at a time, the progress isn't visible, but the task succeeds too."""
    job = tasks.work_in_transaction.enqueue(owner=alice, events=str(cluster.event_log), seconds=6)
    cluster.wait_for(job, State.RUNNING)
    seen = set()
    while job.state == State.RUNNING:
        job.refresh_from_db()
        seen.add(job.percent)
        time.sleep(0.05)
    assert (job.state, job.attempt) == (State.SUCCEEDED, 1)
    assert User.objects.filter(username__startswith="made-by").count() == 1
    if database_url.startswith("postgresql"):
        assert len(seen) > 4


def test_cancelled_job_stops_before_its_end(cluster, alice):
    job = tasks.work.enqueue(owner=alice, events=str(cluster.event_log), name="cancelled", steps=1000)
    wait_until(lambda: Job.objects.filter(pk=job.pk, percent__gt=0).exists())
    assert Job.objects.filter(pk=job.pk).cancel() == 1
    job = cluster.wait_for(job, *FINAL)
    assert job.state == State.CANCELLED
    assert 0 < job.percent < 100
    assert not cluster.events("end", "cancelled")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_task_interrupted_while_it_waits_for_sqlite_releases_its_lock(cluster, alice):
    """The exception is raised after SQLite has begun the transaction, but before Django has recorded that."""
    file = cluster.directory / "file"
    job = tasks.wait_for_database.enqueue(owner=alice, events=str(cluster.event_log), file=str(file))
    wait_until(lambda: cluster.events("begin", "wait_for_database"))
    with closing(sqlite3.connect(cluster.directory / "headway.sqlite3", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        file.touch()
        time.sleep(4)  # longer than the time limit, but shorter than the grace period after it
        writer.execute("COMMIT")
    job = cluster.wait_for(job, *FINAL)
    assert (job.state, job.error_code) == (State.FAILED, "time_limit")
    User.objects.create(username="bob")
