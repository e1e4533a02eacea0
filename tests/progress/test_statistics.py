"""Statistics of jobs and workers."""

from datetime import timedelta

from django.db.models.functions import Now

from progress import statistics
from progress.models import Job, State, Worker
from progress.tasks import retry_job
from tests.helpers import make_job

AGO = Now() - timedelta(seconds=90)


def test_jobs_are_counted_by_state(alice):
    assert statistics.count_by_state() == dict.fromkeys(State, 0)
    for state in (State.QUEUED, State.QUEUED, State.RUNNING, State.SUCCEEDED):
        make_job(owner=alice, state=state)
    assert statistics.count_by_state() == {"queued": 2, "running": 1, "succeeded": 1, "failed": 0, "cancelled": 0}


def test_redelivery_does_not_reset_the_age_of_a_queued_job(alice):
    job = make_job(owner=alice, changed_at=AGO)
    Job.objects.filter(pk=job.pk).update(delivered_at=Now())
    assert statistics.oldest_queued_age() >= timedelta(seconds=90)


def test_retry_resets_the_age_of_a_queued_job(alice):
    assert statistics.oldest_queued_age() == timedelta(0)
    job = make_job(owner=alice, state=State.FAILED, created_at=AGO, changed_at=AGO)
    retry_job(job)
    assert statistics.oldest_queued_age() < timedelta(seconds=90)


def test_worker_without_recent_heartbeat_is_not_alive(db):
    assert statistics.worker_health() == (0, None)
    Worker.objects.create(name="old:1", beaten_at=AGO)
    alive, last_beat = statistics.worker_health()
    assert alive == 0
    assert last_beat >= timedelta(seconds=90)
    Worker.objects.create(name="here:2", beaten_at=Now())
    alive, last_beat = statistics.worker_health()
    assert alive == 1
    assert last_beat < timedelta(seconds=90)
