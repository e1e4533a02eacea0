"""Stop and restart the cluster's PostgreSQL server."""

import time

import pytest
from django.db import OperationalError, connection

from progress.models import State
from tests.faults import tasks
from tests.faults.cluster import FINAL, wait_until
from tests.faults.conftest import migrate
from tests.postgresql import server


@pytest.fixture
def postgresql():
    with server() as running:
        yield running


@pytest.fixture
def database_url(postgresql, tmp_path):
    """A server of this test only, which can be stopped."""
    migrate(postgresql.url, tmp_path)
    return postgresql.url


def test_jobs_succeed_after_postgresql_was_stopped_for_five_seconds(cluster, alice, postgresql):
    events = str(cluster.event_log)
    working = tasks.work.enqueue(owner=alice, events=events, name="working", steps=160, pause=0.05)
    querying = tasks.query_database.enqueue(owner=alice, events=events)
    waiting = tasks.work.enqueue(owner=alice, events=events, name="waiting")
    wait_until(lambda: len(cluster.events("begin")) == 2)
    postgresql.stop()
    time.sleep(5)  # so long that a worker without retries would fail
    postgresql.start()
    wait_until(reconnected)
    for job, attempt in ((working, 1), (querying, 2), (waiting, 1)):
        job = cluster.wait_for(job, *FINAL, seconds=40)
        assert (job.state, job.attempt) == (State.SUCCEEDED, attempt)
    assert len(cluster.events("end")) == 3


def reconnected() -> bool:
    try:
        connection.close()
        connection.ensure_connection()
    except OperationalError:
        return False
    return True
