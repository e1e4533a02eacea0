"""Outcomes of jobs for each way in which a task can end. Django-Q2 must never receive an exception."""

import uuid

import pytest
from django.db import OperationalError

from progress.models import Job, State
from progress.tasks import TaskError, cancel_job
from progress.worker import runner
from tests.helpers import make_job, run_queue
from tests.progress import tasks


@pytest.fixture(autouse=True)
def _clear_calls():
    tasks.CALLS.clear()


def test_result_of_a_task_is_stored(alice):
    job = tasks.count.enqueue(owner=alice, number=3)
    assert (job.state, job.label, job.attempt) == (State.QUEUED, "Counting to 3", 0)
    assert run_queue() == 1
    job.refresh_from_db()
    assert (job.state, job.percent, job.result, job.attempt) == (State.SUCCEEDED, 100, {"counted": 3}, 1)
    assert (job.stage, job.unit, job.current, job.total) == ("Counting", "numbers", 3, 3)


def test_arguments_must_be_json(alice):
    with pytest.raises(TypeError):
        tasks.count.enqueue(owner=alice, number=object())
    assert not Job.objects.exists()


def test_arguments_must_match_the_signature(alice):
    with pytest.raises(TypeError, match="nmber"):
        tasks.count.enqueue(owner=alice, nmber=3)


def test_long_label_is_truncated(alice):
    assert len(tasks.count.enqueue(owner=alice, number="\ufb2c" * 1000).label) == 300


def test_task_error_fails_the_job_permanently(alice):
    tasks.fail_permanently.enqueue(owner=alice)
    assert run_queue() == 1
    job = Job.objects.get()
    assert (job.state, job.error_code, job.attempt) == (State.FAILED, "invalid_file", 1)
    assert job.error_message == "This file is invalid. Choose another file."


def test_other_exceptions_are_retried_until_max_attempts(alice):
    tasks.fail.enqueue(owner=alice)
    assert run_queue() == 3
    job = Job.objects.get()
    assert (job.state, job.error_code, job.attempt) == (State.FAILED, "internal", 3)
    assert "secret" not in job.error_message
    assert len(tasks.CALLS) == 3


def test_second_attempt_can_succeed(alice):
    tasks.fail_once.enqueue(owner=alice)
    run_queue()
    job = Job.objects.get()
    assert (job.state, job.attempt, job.error_code, job.error_message) == (State.SUCCEEDED, 2, "", "")


@pytest.mark.parametrize("task", [tasks.exit_process, tasks.return_unserializable_result])
def test_task_exiting_or_returning_an_invalid_result_fails(alice, task):
    task.enqueue(owner=alice)
    assert run_queue() == 2
    job = Job.objects.get()
    assert (job.state, job.error_code) == (State.FAILED, "internal")


@pytest.mark.parametrize("name", ["tests.progress.nowhere.task", "tests.progress.tasks.not_a_task", "x"])
def test_unimportable_task_fails(alice, name):
    job = make_job(owner=alice, task=name, max_attempts=1)
    runner.run(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "internal")


def test_second_delivery_of_a_job_does_nothing(alice):
    job = tasks.fail_once.enqueue(owner=alice)
    tasks.CALLS.append(("already",))
    run_queue()
    runner.run(str(job.pk))
    assert len(tasks.CALLS) == 2


def test_delivery_of_a_deleted_job_does_nothing(alice):
    job = tasks.count.enqueue(owner=alice)
    Job.objects.all().delete()
    assert runner.run(str(job.pk)) is None


def test_job_deleted_while_running_stops(alice, monkeypatch):
    def function(progress, number):
        progress.stage("One")
        Job.objects.all().delete()
        progress.stage("Two")
        tasks.CALLS.append(("continued",))

    monkeypatch.setattr(tasks.count, "function", function)
    tasks.count.enqueue(owner=alice, number=3)
    run_queue()
    assert tasks.CALLS == []


def test_failed_claim_leaves_the_job_queued(alice, monkeypatch):
    job = make_job(owner=alice)

    def locked(job_id, runner):
        raise OperationalError("database is locked")

    monkeypatch.setattr(runner, "DATABASE_TIMEOUT", 0)
    monkeypatch.setattr(Job.objects, "claim_delivered", locked)
    with pytest.raises(OperationalError):
        runner.run(str(job.pk))


def test_unwritable_outcome_leaves_the_job_running(alice, monkeypatch):
    job = make_job(owner=alice, arguments={"number": 1})

    def locked(self, *args, **counts):
        raise OperationalError("database is locked")

    monkeypatch.setattr(runner, "DATABASE_TIMEOUT", 0)
    monkeypatch.setattr(runner.Attempt, "succeed", locked)
    monkeypatch.setattr(runner.Attempt, "requeue", locked)
    assert runner.run(str(job.pk)) is None
    job.refresh_from_db()
    assert job.state == State.RUNNING


def test_claim_and_outcome_wait_for_an_unavailable_database(alice, monkeypatch):
    job = make_job(owner=alice, arguments={"number": 1})
    failures = {"claim": 2, "succeed": 2}

    def fail_twice(name, function):
        def call(*args, **values):
            if failures[name]:
                failures[name] -= 1
                raise OperationalError("the connection is lost")
            return function(*args, **values)

        return call

    monkeypatch.setattr(runner.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(Job.objects, "claim_delivered", fail_twice("claim", Job.objects.claim_delivered))
    monkeypatch.setattr(runner.Attempt, "succeed", fail_twice("succeed", runner.Attempt.succeed))
    runner.run(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.attempt, failures) == (State.SUCCEEDED, 1, {"claim": 0, "succeed": 0})


@pytest.mark.parametrize("result", [float("nan"), {1, 2}, object()])
def test_unserializable_result_fails_the_attempt(alice, monkeypatch, result):
    monkeypatch.setattr(tasks.count, "function", lambda progress, number: result)
    tasks.count.enqueue(owner=alice, number=1)
    run_queue()
    assert (Job.objects.get().state, Job.objects.get().error_code) == (State.FAILED, "internal")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("text", ["\0", "\ud800", "a\0b\udfff"])
def test_job_finishes_with_any_characters_in_its_reports(alice, monkeypatch, text):
    def function(progress, number):
        progress.stage(text, unit=text)
        return {"text": text}

    monkeypatch.setattr(tasks.count, "function", function)
    tasks.count.enqueue(owner=alice, number=1)
    run_queue()
    assert Job.objects.get().is_finished


def test_cancelled_task_stops_at_its_next_update(alice, monkeypatch):
    def function(progress, number):
        for step in progress.track(range(10), stage="Working"):
            if step == 3:
                cancel_job(Job.objects.get())
                progress.stage("Working harder", total=7)
            tasks.CALLS.append(step)

    monkeypatch.setattr(tasks.count, "function", function)
    tasks.count.enqueue(owner=alice, number=1)
    assert run_queue() == 1
    job = Job.objects.get()
    assert (job.state, job.attempt, tasks.CALLS) == (State.CANCELLED, 1, [0, 1, 2])


def test_exception_handler_does_not_catch_a_cancellation(alice, monkeypatch):
    def function(progress, number):
        cancel_job(Job.objects.get())
        for _ in range(3):
            try:
                progress.stage("Working")
            except Exception:
                tasks.CALLS.append("handled")

    monkeypatch.setattr(tasks.count, "function", function)
    tasks.count.enqueue(owner=alice, number=1)
    run_queue()
    assert (Job.objects.get().state, tasks.CALLS) == (State.CANCELLED, [])


def test_uuid_argument_is_passed_as_a_string(alice):
    job = tasks.count.enqueue(owner=alice, number=uuid.UUID(int=0))
    job.refresh_from_db()
    assert job.arguments == {"number": "00000000-0000-0000-0000-000000000000"}


def test_long_text_is_truncated(alice, monkeypatch):
    def function(progress):
        progress.stage("s" * 1000, unit="u" * 1000)
        raise TaskError("c" * 1000, "m" * 1000)

    monkeypatch.setattr(tasks.fail_permanently, "function", function)
    tasks.fail_permanently.enqueue(owner=alice)
    run_queue()
    job = Job.objects.get()
    assert (job.stage, job.unit, job.error_code, job.error_message) == (
        *("s" * 199 + "…", "u" * 49 + "…", "c" * 99 + "…", "m" * 1000),
    )


def test_task_needs_at_least_one_attempt():
    with pytest.raises(ValueError, match="max_attempts"):
        tasks.task(label="Never", max_attempts=0)
