"""What the cluster stands on goes away for a while, and comes back: PostgreSQL, Redis."""

import time

import pytest

from progress.models import State
from tests.faults import tasks
from tests.faults.cluster import wait_until
from tests.faults.conftest import migrate
from tests.postgresql import server

FINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


@pytest.fixture
def postgresql():
    with server() as running:
        yield running


@pytest.fixture
def database_url(postgresql, tmp_path):
    """A server that no other test needs."""
    migrate(postgresql.url, tmp_path)
    return postgresql.url


def test_postgresql_is_away_for_five_seconds(cluster, alice, postgresql):
    diary = str(cluster.diary)
    working = tasks.work.enqueue(owner=alice, diary=diary, name="working", steps=160, pause=0.05)
    asking = tasks.asking.enqueue(owner=alice, diary=diary)
    waiting = tasks.work.enqueue(owner=alice, diary=diary, name="waiting")
    wait_until(lambda: len(cluster.entries("begin")) == 2)
    postgresql.stop()
    time.sleep(5)  # long enough for a careless worker to give up
    postgresql.start()
    wait_until(reconnected)
    for job, attempt in ((working, 1), (asking, 2), (waiting, 1)):
        job = cluster.wait_for(job, *FINAL, seconds=40)
        assert (job.state, job.attempt) == (State.SUCCEEDED, attempt)
    assert len(cluster.entries("end")) == 3


def reconnected() -> bool:
    from django.db import OperationalError, connection

    try:
        connection.close()
        connection.ensure_connection()
    except OperationalError:
        return False
    return True
