"""Deliveries by Redis, which forgets them when it stops: the jobs don't."""

import pytest
from django.db import transaction
from django_q.conf import Conf
from django_q.signing import SignedPackage

from progress.models import Job, State
from progress.queue.redis import RedisBroker
from tests.faults import tasks
from tests.redis import server

FINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


@pytest.fixture
def redis(tmp_path):
    with server(tmp_path) as running:
        yield running


@pytest.fixture
def queue_url(redis, monkeypatch) -> str:
    monkeypatch.setattr(Conf, "BROKER_CLASS", "progress.queue.redis.RedisBroker")
    monkeypatch.setattr(Conf, "REDIS", redis.url)
    return redis.url


def work(cluster, alice, name: str, **how) -> Job:
    return tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name=name, **how)


def test_deliveries_that_redis_forgot_are_made_again(cluster, alice, redis):
    """Those that were under way, and those that could not even be sent."""
    assert cluster.wait_for(work(cluster, alice, "first"), *FINAL).state == State.SUCCEEDED
    jobs = [work(cluster, alice, f"n{n}", steps=20, pause=0.1) for n in range(8)]
    redis.stop()
    jobs.append(work(cluster, alice, "while redis is away"))
    assert Job.objects.count() == 10
    redis.start()
    for job in jobs:
        assert cluster.wait_for(job, *FINAL, seconds=40).state == State.SUCCEEDED
    assert len(cluster.entries("begin")) == 10


def test_what_is_rolled_back_is_not_delivered(cluster, alice):
    with pytest.raises(RuntimeError), transaction.atomic():
        work(cluster, alice, "rolled back")
        raise RuntimeError
    assert cluster.wait_for(work(cluster, alice, "committed"), *FINAL).state == State.SUCCEEDED
    assert {entry.name for entry in cluster.entries()} == {"committed"}


@pytest.mark.django_db(transaction=True)
def test_deliveries_are_taken_in_order_until_the_queue_is_empty(queue_url):
    queue = RedisBroker()
    assert queue.is_empty()
    for name in ("first", "second"):
        queue.enqueue(SignedPackage.dumps({"name": name}))
    assert not queue.is_empty()
    assert [SignedPackage.loads(queue.take()[0][1])["name"] for _ in range(2)] == ["first", "second"]
    assert queue.is_empty()
