"""Jobs whose worker is gone are found, and the queue's owner reports."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models.functions import Now
from django_q.models import OrmQ

from progress import broker, recovery
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


def test_two_that_find_the_same_lost_job_requeue_it_once(alice, monkeypatch):
    job = make_job(owner=alice, state=State.RUNNING, heartbeat_at=Now() - LONG_AGO, max_attempts=3)
    monkeypatch.setattr(type(Job.objects.all()), "lost", lambda self: [job])
    assert recovery.requeue_lost_jobs() == 1
    assert recovery.requeue_lost_jobs() == 0
    assert OrmQ.objects.count() == 1


def test_the_queue_is_first_come_first_served(alice):
    jobs = [tasks.count.enqueue(owner=alice, number=number) for number in range(3)]
    queue = broker.Broker()
    taken = [OrmQ.objects.get(pk=queue.dequeue()[0][0]).task["args"][0] for _ in jobs]
    assert taken == [str(job.pk) for job in jobs]


@pytest.mark.usefixtures("db")
def test_a_worker_reports_when_it_asks_for_work():
    queue = broker.Broker()
    queue.dequeue()
    beaten_at = Worker.objects.get().beaten_at
    assert Worker.objects.alive().count() == 1
    queue.dequeue()
    assert Worker.objects.get().beaten_at == beaten_at  # not at every question


@pytest.mark.usefixtures("db")
def test_workers_that_went_silent_are_not_alive_and_in_time_forgotten():
    Worker.objects.create(name="silent", beaten_at=Now() - timedelta(seconds=31))
    Worker.objects.create(name="gone", beaten_at=Now() - timedelta(days=2))
    assert not Worker.objects.alive().exists()
    broker.Broker().dequeue()
    assert not Worker.objects.filter(name="gone").exists()
    assert Worker.objects.filter(name="silent").exists()


def test_the_queue_goes_on_when_upkeep_fails(alice, monkeypatch):
    tasks.count.enqueue(owner=alice)

    def fails(name):
        raise OperationalError("database is locked")

    monkeypatch.setattr(Worker.objects, "beat", fails)
    assert broker.Broker().dequeue()
