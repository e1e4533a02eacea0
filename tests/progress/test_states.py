"""Changes of a job's state, and the constraints of its table."""

import pytest
from django.db import IntegrityError, transaction

from progress.exceptions import Cancelled, LostJob
from progress.models import Job, State
from progress.tasks import cancel_job, retry_job
from progress.worker.attempt import Attempt
from tests.helpers import make_job, run_queue
from tests.progress import tasks


def test_claim_counts_the_attempt_before_the_task_runs(alice):
    job = make_job(owner=alice)
    claimed = Job.objects.claim_next()
    assert (claimed.state, claimed.attempt) == (State.RUNNING, 1)
    assert claimed.version == job.version + 1
    assert claimed.started_at
    assert claimed.heartbeat_at


def test_job_is_claimed_once(alice):
    make_job(owner=alice)
    assert Job.objects.claim_next()
    assert Job.objects.claim_next() is None


@pytest.mark.parametrize("state", [State.RUNNING, State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_only_queued_jobs_can_be_claimed(alice, state):
    make_job(owner=alice, state=state)
    assert Job.objects.claim_next() is None


def test_claim_without_queued_jobs_returns_none(db):
    assert Job.objects.claim_next() is None


def test_new_attempt_resets_progress(alice):
    make_job(owner=alice, percent=60, current=3, total=5, stage="Reading", attempt=1, max_attempts=2)
    claimed = Job.objects.claim_next()
    assert (claimed.percent, claimed.current, claimed.total, claimed.stage) == (None, 0, None, "")


def test_succeeded_job_has_100_percent_and_a_result(alice):
    attempt = running(alice, percent=40)
    attempt.succeed({"rows": 3})
    job = Job.objects.get()
    assert (job.state, job.percent, job.result) == (State.SUCCEEDED, 100, {"rows": 3})
    assert job.finished_at


def test_failed_job_keeps_its_percent(alice):
    attempt = running(alice, percent=40)
    attempt.fail("broken", "It broke.")
    job = Job.objects.get()
    assert (job.state, job.percent, job.error_code, job.error_message) == (State.FAILED, 40, "broken", "It broke.")


def test_requeued_job_is_delivered_for_the_next_attempt(alice):
    attempt = running(alice, max_attempts=2)
    attempt.requeue("internal", "Sorry.")
    job = Job.objects.get()
    assert (job.state, job.finished_at, job.error_code) == (State.QUEUED, None, "")


def test_requeue_after_the_last_attempt_fails_the_job(alice):
    attempt = running(alice, max_attempts=1)
    attempt.requeue("internal", "Sorry.")
    assert Job.objects.get().state == State.FAILED
    assert run_queue() == 0


def test_writes_of_an_old_attempt_raise_lost_job(alice):
    old = running(alice, max_attempts=3)
    old.requeue("worker_lost", "")
    assert Job.objects.claim_next().attempt == 2
    for write in (
        lambda: old.report(current=5),
        lambda: old.record_heartbeat(),
        lambda: old.cancel(),
        lambda: old.succeed(None),
        lambda: old.fail("x", "y"),
        lambda: old.requeue("x", "y"),
    ):
        with pytest.raises(LostJob):
            write()
    job = Job.objects.get()
    assert (job.state, job.attempt, job.current) == (State.RUNNING, 2, 0)


def test_changes_increment_the_version_and_heartbeats_do_not(alice):
    attempt = running(alice)
    version = attempt.job.version
    attempt.record_heartbeat()
    assert Job.objects.get().version == version
    attempt.report(current=1)
    assert Job.objects.get().version == version + 1


@pytest.mark.parametrize(
    "values",
    [
        {"state": State.RUNNING, "percent": 100},
        {"state": State.FAILED, "percent": 100},
        {"state": State.SUCCEEDED, "percent": 99},
        {"state": State.SUCCEEDED, "percent": None},
        {"state": State.RUNNING, "current": 4, "total": 3},
        {"state": State.FAILED, "finished_at": None},
    ],
)
def test_constraints_reject_invalid_rows(alice, values):
    with pytest.raises(IntegrityError), transaction.atomic():
        make_job(owner=alice, **values)


def test_enqueue_is_rolled_back_with_its_transaction(alice):
    with pytest.raises(RuntimeError), transaction.atomic():
        tasks.count.enqueue(owner=alice, number=1)
        raise RuntimeError("another write of the transaction failed")
    assert not Job.objects.exists()
    assert run_queue() == 0


def test_cancelled_queued_job_never_starts(alice):
    job = tasks.count.enqueue(owner=alice, number=1)
    assert cancel_job(job)
    assert run_queue() == 1
    job.refresh_from_db()
    assert (job.state, job.attempt, job.percent) == (State.CANCELLED, 0, None)
    assert job.finished_at


def test_cancelled_running_job_stops_at_its_next_update(alice):
    attempt = running(alice, percent=40)
    assert cancel_job(attempt.job)
    assert Job.objects.get().state == State.RUNNING
    for update in (attempt.record_heartbeat, attempt.report):
        with pytest.raises(Cancelled):
            update()
    attempt.cancel(current=2)
    job = Job.objects.get()
    assert (job.state, job.percent, job.current, job.error_code) == (State.CANCELLED, 40, 2, "")


def test_job_finished_before_its_cancellation_is_noticed_succeeds(alice):
    attempt = running(alice)
    cancel_job(attempt.job)
    attempt.succeed(None)
    assert Job.objects.get().state == State.SUCCEEDED


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_finished_job_can_not_be_cancelled(alice, state):
    job = make_job(owner=alice, state=state)
    assert not cancel_job(job)
    assert Job.objects.get().version == job.version


@pytest.mark.parametrize("max_attempts", [1, 3])
def test_requeue_of_a_cancelled_job_cancels_it(alice, max_attempts):
    attempt = running(alice, max_attempts=max_attempts)
    cancel_job(attempt.job)
    attempt.requeue("worker_lost", "")
    assert Job.objects.get().state == State.CANCELLED
    assert run_queue() == 0


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELLED])
def test_retry_resets_the_number_of_attempts(alice, state):
    values = {"attempt": 3, "claim": 3, "max_attempts": 3, "percent": 70, "error_code": "x", "cancel_requested": True}
    job = make_job(owner=alice, state=state, arguments={"number": 2}, **values)
    assert retry_job(job)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.percent, job.error_code, job.finished_at) == (State.QUEUED, 0, None, "", None)
    assert not job.cancel_requested
    assert run_queue() == 1
    job.refresh_from_db()
    assert (job.state, job.attempt, job.claim) == (State.SUCCEEDED, 1, 4)


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.SUCCEEDED])
def test_retry_requires_a_failed_or_cancelled_job(alice, state):
    assert not retry_job(make_job(owner=alice, state=state))
    assert run_queue() == 0


def test_writes_of_an_attempt_before_a_retry_raise_lost_job(alice):
    """The attempts before and after the retry have the same number, so only the claim differs."""
    old = running(alice, max_attempts=1, claim=1)
    old.requeue("worker_lost", "")
    assert retry_job(old.job)
    assert Job.objects.claim_next().attempt == old.job.attempt
    with pytest.raises(LostJob):
        old.succeed(None)


def running(owner, **values) -> Attempt:
    return Attempt(make_job(owner=owner, state=State.RUNNING, **values))
