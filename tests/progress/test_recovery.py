"""Jobs whose worker is gone are found, and the queue's owner reports."""

from datetime import timedelta

import pytest
import time_machine
from django.db.models.functions import Now
from django.utils import timezone
from django_q.models import OrmQ

from progress import broker, recovery, upkeep
from progress.attempt import Attempt, LostJob
from progress.models import Job, State, Worker
from tests.helpers import make_job, run_queue
from tests.progress import tasks

LONG_AGO = timedelta(seconds=60)


def test_a_job_whose_heart_stopped_is_queued_again(alice):
    make_job(owner=alice, state=State.RUNNING, heartbeat_at=Now() - LONG_AGO, max_attempts=2)
    assert recovery.requeue_lost_jobs() == 1
    assert Job.objects.get().state == State.QUEUED
    assert run_queue() == 1
    assert (Job.objects.get().state, Job.objects.get().attempt) == (State.SUCCEEDED, 2)


def test_the_last_attempt_is_not_followed_by_another(alice):
    make_job(owner=alice, state=State.RUNNING, heartbeat_at=Now() - LONG_AGO, max_attempts=1, percent=30)
    recovery.requeue_lost_jobs()
    job = Job.objects.get()
    assert (job.state, job.error_code, job.percent) == (State.FAILED, "worker_lost", 30)
    assert not OrmQ.objects.exists()


def test_a_job_whose_heart_beats_is_left_alone(alice):
    make_job(owner=alice, state=State.RUNNING, max_attempts=2)
    make_job(owner=alice, state=State.QUEUED)
    make_job(owner=alice, state=State.SUCCEEDED, heartbeat_at=Now() - LONG_AGO)
    assert recovery.requeue_lost_jobs() == 0


def test_two_that_find_the_same_lost_job_requeue_it_once(alice):
    make_job(owner=alice, state=State.RUNNING, heartbeat_at=Now() - LONG_AGO, max_attempts=3)
    found_by_both = Job.objects.lost().get()
    assert recovery.requeue_lost_jobs() == 1
    with pytest.raises(LostJob):
        recovery.AbandonedAttempt(found_by_both).give_back("worker_lost", "")
    assert OrmQ.objects.count() == 1


def test_a_heart_that_beats_again_at_the_last_moment_keeps_its_job(alice):
    make_job(owner=alice, state=State.RUNNING, heartbeat_at=Now() - LONG_AGO, max_attempts=3)
    found = Job.objects.lost().get()
    assert Attempt(found).beat()
    with pytest.raises(LostJob):
        recovery.AbandonedAttempt(found).give_back("worker_lost", "")
    assert Job.objects.get().state == State.RUNNING
    assert not OrmQ.objects.exists()


@pytest.fixture
def queue(db, monkeypatch) -> broker.Broker:
    """The queue as a cluster asks it, without the thread beside it and without its pause when it is empty."""
    monkeypatch.setattr(upkeep, "start", object)
    monkeypatch.setattr("django_q.brokers.orm.sleep", lambda seconds: None)
    return broker.Broker()


def test_the_queue_is_first_come_first_served(alice, queue):
    jobs = [tasks.count.enqueue(owner=alice, number=number) for number in range(3)]
    taken = [OrmQ.objects.get(pk=queue.dequeue()[0][0]).task["args"][0] for _ in jobs]
    assert taken == [str(job.pk) for job in jobs]


def test_what_no_worker_has_acknowledged_is_delivered_again(alice, queue):
    tasks.count.enqueue(owner=alice)
    first = queue.dequeue()
    assert queue.dequeue() is None
    with time_machine.travel(timezone.now() + timedelta(seconds=16)):
        assert queue.dequeue() == first
    queue.acknowledge(first[0][0])
    with time_machine.travel(timezone.now() + timedelta(seconds=60)):
        assert queue.dequeue() is None


def test_asking_for_work_starts_the_upkeep_once(queue, monkeypatch):
    started = []
    monkeypatch.setattr(upkeep, "start", lambda: started.append(1) or object())
    queue.dequeue()
    queue.dequeue()
    assert started == [1]


def test_a_cluster_reports_and_looks_for_lost_jobs(alice):
    make_job(owner=alice, state=State.RUNNING, heartbeat_at=Now() - LONG_AGO, max_attempts=2)
    upkeep.keep_up()
    upkeep.keep_up()
    assert Worker.objects.alive().count() == Worker.objects.count() == 1
    assert Job.objects.get().state == State.QUEUED


@pytest.mark.usefixtures("db")
def test_clusters_that_went_silent_are_not_alive_and_in_time_forgotten():
    Worker.objects.create(name="silent", beaten_at=Now() - timedelta(seconds=31))
    Worker.objects.create(name="gone", beaten_at=Now() - timedelta(days=2))
    assert not Worker.objects.alive().exists()
    upkeep.keep_up()
    assert not Worker.objects.filter(name="gone").exists()
    assert Worker.objects.filter(name="silent").exists()
