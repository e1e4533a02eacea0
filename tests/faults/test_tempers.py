"""Tasks of every temper, in a real cluster: each comes to the right end, and the cluster lives on."""

import sqlite3
import time
from contextlib import closing

import pytest
from django.contrib.auth.models import User

from progress.models import Job, State
from tests.faults import tasks
from tests.faults.cluster import wait_until

FINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


def test_each_temper_comes_to_its_end(cluster, alice):
    diary = str(cluster.diary)
    broken = tasks.odd.enqueue(owner=alice, diary=diary)
    Job.objects.filter(pk=broken.pk).update(task="tests.faults.broken.task")
    expected = {
        broken: (State.FAILED, "internal", 2),
        tasks.odd.enqueue(owner=alice, diary=diary): (State.FAILED, "internal", 2),
        tasks.swallowing.enqueue(owner=alice, diary=diary): (State.SUCCEEDED, "", 1),
        tasks.refusing.enqueue(owner=alice, diary=diary): (State.FAILED, "no_good", 1),
        tasks.sleeping.enqueue(owner=alice, diary=diary): (State.FAILED, "time_limit", 2),
        tasks.stubborn.enqueue(owner=alice, diary=diary): (State.FAILED, "time_limit", 1),
        tasks.work.enqueue(owner=alice, diary=diary, name="good"): (State.SUCCEEDED, "", 1),
    }
    for job, (state, code, attempt) in expected.items():
        job = cluster.wait_for(job, *FINAL, seconds=40)
        assert (job.task, job.state, job.error_code, job.attempt) == (job.task, state, code, attempt)
    wait_until(lambda: len(cluster.children()) == 4)


def test_progress_is_seen_while_a_task_is_in_a_transaction(cluster, alice, database_url):
    """On SQLite, which has one writer at a time, nothing is seen, but nothing breaks either."""
    job = tasks.in_one_transaction.enqueue(owner=alice, diary=str(cluster.diary), seconds=6)
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


def test_a_cancelled_job_stops_and_leaves_nothing(cluster, alice):
    job = tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name="cancelled", steps=1000)
    wait_until(lambda: Job.objects.filter(pk=job.pk, percent__gt=0).exists())
    assert Job.objects.filter(pk=job.pk).cancel() == 1
    job = cluster.wait_for(job, *FINAL)
    assert job.state == State.CANCELLED
    assert 0 < job.percent < 100
    assert not cluster.entries("end", "cancelled")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_task_that_is_interrupted_while_it_waits_for_sqlite_leaves_no_lock_behind(cluster, alice):
    """The exception strikes when the transaction has begun, and Django doesn't know it yet."""
    sign = cluster.directory / "sign"
    job = tasks.waiting.enqueue(owner=alice, diary=str(cluster.diary), sign=str(sign))
    wait_until(lambda: cluster.entries("begin", "waiting"))
    with closing(sqlite3.connect(cluster.directory / "headway.sqlite3", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        sign.touch()
        time.sleep(4)  # past the time limit, and less than the task has for tidying up
        writer.execute("COMMIT")
    job = cluster.wait_for(job, *FINAL)
    assert (job.state, job.error_code) == (State.FAILED, "time_limit")
    User.objects.create(username="bob")
