"""Redis as the queue: jobs survive when it stops and loses all deliveries."""

import pytest
from django.db import transaction
from django_q.conf import Conf
from django_q.signing import SignedPackage

from progress.models import Job, State
from progress.queue.redis import RedisBroker
from tests.faults import tasks
from tests.faults.cluster import FINAL
from tests.redis import server


@pytest.fixture
def redis(tmp_path):
    with server(tmp_path) as running:
        yield running


@pytest.fixture
def queue_url(redis, monkeypatch) -> str:
    monkeypatch.setattr(Conf, "BROKER_CLASS", "progress.queue.redis.RedisBroker")
    monkeypatch.setattr(Conf, "REDIS", redis.url)
    return redis.url


def enqueue(cluster, alice, name: str, **arguments) -> Job:
    return tasks.work.enqueue(owner=alice, events=str(cluster.event_log), name=name, **arguments)


def test_lost_deliveries_are_sent_again(cluster, alice, redis):
    """Also the delivery of a job that was enqueued while Redis was stopped."""
    assert cluster.wait_for(enqueue(cluster, alice, "first"), *FINAL).state == State.SUCCEEDED
    jobs = [enqueue(cluster, alice, f"n{n}", steps=20, pause=0.1) for n in range(8)]
    redis.stop()
    jobs.append(enqueue(cluster, alice, "while redis is stopped"))
    assert Job.objects.count() == 10
    redis.start()
    for job in jobs:
        assert cluster.wait_for(job, *FINAL, seconds=40).state == State.SUCCEEDED
    assert len(cluster.events("begin")) == 10


def test_rolled_back_job_is_not_delivered(cluster, alice):
    with pytest.raises(RuntimeError), transaction.atomic():
        enqueue(cluster, alice, "rolled back")
        raise RuntimeError
    assert cluster.wait_for(enqueue(cluster, alice, "committed"), *FINAL).state == State.SUCCEEDED
    assert {event.name for event in cluster.events()} == {"committed"}


@pytest.mark.django_db(transaction=True)
def test_queue_returns_deliveries_in_order(queue_url):
    queue = RedisBroker()
    assert queue.is_empty()
    for name in ("first", "second"):
        queue.enqueue(SignedPackage.dumps({"name": name}))
    assert not queue.is_empty()
    assert [SignedPackage.loads(queue.take()[0][1])["name"] for _ in range(2)] == ["first", "second"]
    assert queue.is_empty()
