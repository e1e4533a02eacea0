"""Recovery of lost jobs, maintenance, watchdog and retention."""

from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import Mock

import pytest
import time_machine
from django.db import OperationalError
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import OrmQ, Schedule
from django_q.models import Task as Leftover
from django_q.signing import SignedPackage

from progress import retention
from progress.exceptions import LostJob
from progress.models import Job, State, Worker
from progress.queue import base, database
from progress.worker import maintenance, processes, recovery, runner
from progress.worker.attempt import Attempt
from progress.worker.maintenance import Maintenance
from progress.worker.processes import BUSY, IDLE, Process
from progress.worker.watchdog import Watchdog
from tests.helpers import after_select, make_job, run_queue
from tests.progress import tasks

LONG_AGO = timedelta(seconds=60)


def test_job_without_heartbeats_is_requeued(alice):
    make_job(owner=alice, state=State.RUNNING, heartbeat_at=Now() - LONG_AGO, max_attempts=2)
    assert recovery.requeue_lost_jobs() == 1
    assert Job.objects.get().state == State.QUEUED
    assert run_queue() == 1
    assert (Job.objects.get().state, Job.objects.get().attempt) == (State.SUCCEEDED, 2)


def test_job_lost_in_its_last_attempt_fails(alice):
    make_job(owner=alice, state=State.RUNNING, heartbeat_at=Now() - LONG_AGO, max_attempts=1, percent=30)
    recovery.requeue_lost_jobs()
    job = Job.objects.get()
    assert (job.state, job.error_code, job.percent) == (State.FAILED, "worker_lost", 30)
    assert not OrmQ.objects.exists()


def test_job_with_heartbeats_is_not_requeued(alice):
    make_job(owner=alice, state=State.RUNNING, max_attempts=2)
    make_job(owner=alice, state=State.QUEUED)
    make_job(owner=alice, state=State.SUCCEEDED, heartbeat_at=Now() - LONG_AGO)
    assert recovery.requeue_lost_jobs() == 0


def test_lost_job_found_by_two_clusters_is_requeued_once(alice):
    make_job(owner=alice, state=State.RUNNING, heartbeat_at=Now() - LONG_AGO, max_attempts=3)
    found_by_both = Job.objects.lost().get()
    assert recovery.requeue_lost_jobs() == 1
    with pytest.raises(LostJob):
        recovery.AbandonedAttempt(found_by_both).requeue("worker_lost", "")
    assert OrmQ.objects.count() == 1


def test_late_heartbeat_keeps_the_job_from_being_requeued(alice):
    make_job(owner=alice, state=State.RUNNING, heartbeat_at=Now() - LONG_AGO, max_attempts=3)
    found = Job.objects.lost().get()
    Attempt(found).record_heartbeat()
    with pytest.raises(LostJob):
        recovery.AbandonedAttempt(found).requeue("worker_lost", "")
    assert Job.objects.get().state == State.RUNNING
    assert not OrmQ.objects.exists()


def test_jobs_of_dead_workers_of_the_own_cluster_are_requeued_immediately(alice):
    dead = make_job(owner=alice, state=State.RUNNING, worker="here:10:12", max_attempts=2)
    living = make_job(owner=alice, state=State.RUNNING, worker="here:10:13", max_attempts=2)
    elsewhere = make_job(owner=alice, state=State.RUNNING, worker="there:10:12", max_attempts=2)
    other_cluster = make_job(owner=alice, state=State.RUNNING, worker="here:100:12", max_attempts=2)
    assert recovery.requeue_jobs_of_dead_workers("here:10", lambda: {13}) == 1
    dead.refresh_from_db()
    assert dead.state == State.QUEUED
    for job in (living, elsewhere, other_cluster):
        job.refresh_from_db()
        assert job.state == State.RUNNING


def test_worker_started_during_the_check_is_treated_as_alive(alice):
    living_pids = {11}

    def find_living():
        make_job(owner=alice, state=State.RUNNING, worker="here:10:13", max_attempts=2)
        return living_pids | {13}

    make_job(owner=alice, state=State.RUNNING, worker="here:10:11", max_attempts=2)
    assert recovery.requeue_jobs_of_dead_workers("here:10", find_living) == 0


@pytest.fixture
def queue(db, monkeypatch) -> database.Broker:
    """The queue of a cluster, without maintenance and without waiting while it is empty."""
    monkeypatch.setattr(Maintenance, "start", lambda self: None)
    monkeypatch.setattr(maintenance, "BUSY_DATABASE_SECONDS", 60)
    monkeypatch.setattr(processes, "die_with_parent", lambda: None)
    monkeypatch.setattr(database, "POLL_SECONDS", 0)
    monkeypatch.setattr(base, "MAX_WAIT_SECONDS", 0)
    return database.Broker()


def test_queue_is_first_in_first_out(alice, queue):
    jobs = [tasks.count.enqueue(owner=alice, number=number) for number in range(3)]
    taken = [SignedPackage.loads(queue.dequeue()[0][1])["args"][0] for _ in jobs]
    assert taken == [str(job.pk) for job in jobs]
    assert queue.dequeue() is None


def delivered(ago: float) -> dict:
    """Return the values of a job that was delivered this many seconds ago."""
    return {"delivered_at": timezone.now() - timedelta(seconds=ago)}


def test_job_with_a_lost_delivery_is_delivered_again(alice, queue):
    job = make_job(owner=alice, arguments={"number": 1}, **delivered(ago=11))
    assert recovery.redeliver(queue) == 1
    assert recovery.redeliver(queue) == 0
    assert run_queue() == 1
    job.refresh_from_db()
    assert job.state == State.SUCCEEDED


def test_job_delivered_recently_is_not_delivered_again(alice, queue):
    make_job(owner=alice, **delivered(ago=5))
    assert recovery.redeliver(queue) == 0


def test_jobs_are_not_delivered_again_while_the_queue_has_deliveries(alice, queue):
    for _ in range(3):
        tasks.count.enqueue(owner=alice)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert recovery.redeliver(queue) == 0


def test_job_with_a_lost_delivery_is_claimed_in_order(alice, queue):
    """Deliveries of other jobs start it; once the queue is empty, the last job is delivered again."""
    an_hour_ago = timezone.now() - timedelta(hours=1)
    lost = make_job(owner=alice, arguments={"number": 1}, created_at=an_hour_ago, delivered_at=an_hour_ago)
    others = [tasks.count.enqueue(owner=alice) for _ in range(3)]
    run_queue()
    lost.refresh_from_db()
    assert lost.state == State.SUCCEEDED
    with time_machine.travel(timezone.now() + timedelta(seconds=11)):
        assert recovery.redeliver(queue) == 1
        run_queue()
    assert {job.state for job in Job.objects.all()} == {State.SUCCEEDED}
    assert len(others) + 1 == Job.objects.count()


@pytest.mark.parametrize("state", [State.RUNNING, State.SUCCEEDED, State.FAILED, State.CANCELLED])
def test_only_queued_jobs_are_delivered_again(alice, queue, state):
    make_job(owner=alice, state=state, **delivered(ago=3600))
    assert recovery.redeliver(queue) == 0


def test_queue_error_is_treated_as_an_empty_queue(queue, monkeypatch):
    def fail(self):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(base, "RETRY_SECONDS", 0)
    monkeypatch.setattr(database.Broker, "reconnect", lambda self: None)
    monkeypatch.setattr(database.Broker, "take", fail)
    assert queue.dequeue() is None


def test_maintenance_records_a_heartbeat_and_requeues_lost_jobs(alice, queue):
    job = make_job(owner=alice, state=State.RUNNING, heartbeat_at=Now() - LONG_AGO, max_attempts=2)
    for _ in range(2):
        Maintenance(queue).run_once()
    assert Worker.objects.alive().count() == Worker.objects.count() == 1
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_maintenance_kills_workers_that_are_unresponsive_twice_in_a_row(queue, monkeypatch):
    unresponsive, killed_pids = [{11, 12, 13}, {11, 12, 14}, {14}], []
    monkeypatch.setattr(recovery, "unresponsive_workers", lambda cluster: unresponsive.pop(0))
    monkeypatch.setattr(processes, "living_pids", lambda: {11, 13, 14})
    monkeypatch.setattr(processes, "kill", killed_pids.append)
    maintenance = Maintenance(queue)
    for expected in ([], [11], [11, 14]):
        maintenance._kill_unresponsive_workers()
        assert killed_pids == expected


def test_failed_maintenance_is_logged_and_repeated(queue, monkeypatch, caplog):
    class EndOfTest(Exception):
        """Ends the loop, which has no other end."""

    rounds, pauses = iter([OperationalError("unreachable"), None]), []

    def run_once(self):
        if error := next(rounds):
            raise error

    def pause(seconds):
        pauses.append(seconds)
        if len(pauses) == 2:
            raise EndOfTest

    monkeypatch.setattr(Maintenance, "run_once", run_once)
    monkeypatch.setattr(maintenance, "connection", Mock())
    monkeypatch.setattr(maintenance, "time", SimpleNamespace(sleep=pause))
    with pytest.raises(EndOfTest):
        Maintenance(queue)._run()
    assert pauses == [maintenance.INTERVAL_SECONDS] * 2
    assert [record.exc_info[0] for record in caplog.records] == [OperationalError]
    maintenance.connection.close.assert_called_once_with()


def test_maintenance_requeues_no_jobs_while_the_database_is_slow(alice, queue, monkeypatch):
    make_job(owner=alice, state=State.RUNNING, heartbeat_at=Now() - LONG_AGO, max_attempts=2)
    monkeypatch.setattr(maintenance, "BUSY_DATABASE_SECONDS", 0)
    Maintenance(queue).run_once()
    assert Job.objects.get().state == State.RUNNING


@pytest.mark.usefixtures("db")
def test_workers_without_heartbeats_are_not_alive_and_are_deleted_after_a_day(queue):
    Worker.objects.create(name="silent", beaten_at=Now() - timedelta(seconds=31))
    Worker.objects.create(name="old", beaten_at=Now() - timedelta(days=2))
    assert not Worker.objects.alive().exists()
    Maintenance(queue).run_once()
    assert not Worker.objects.filter(name="old").exists()
    assert Worker.objects.filter(name="silent").exists()


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class TestWatchdog:
    """A cluster is wedged if a symptom is still there at a later check."""

    IDLE = Process(7, IDLE, "S", 1)
    BUSY = Process(8, BUSY, "R", 1)

    @pytest.fixture
    def clock(self):
        return Clock()

    @pytest.fixture
    def watchdog_with_delivery(self, alice, queue, clock):
        """A watchdog that has recorded one delivery."""
        tasks.count.enqueue(owner=alice)
        watchdog = Watchdog(clock)
        watchdog.record_delivery(queue.dequeue()[0][1])
        return watchdog

    def is_wedged_later(self, watchdog, clock, *children) -> bool:
        """Check twice, six seconds apart. The first check never reports a wedged cluster."""
        assert not watchdog.is_wedged(list(children))
        clock.now += 6
        return watchdog.is_wedged(list(children))

    def test_delivered_job_unclaimed_by_an_idle_worker_is_a_symptom(self, watchdog_with_delivery, clock):
        assert self.is_wedged_later(watchdog_with_delivery, clock, self.IDLE, self.BUSY)

    def test_unclaimed_job_is_no_symptom_while_all_workers_are_busy(self, watchdog_with_delivery, clock):
        assert not self.is_wedged_later(watchdog_with_delivery, clock, self.BUSY, self.BUSY)

    def test_unclaimed_job_is_no_symptom_when_another_worker_was_idle(self, watchdog_with_delivery, clock):
        assert not watchdog_with_delivery.is_wedged([self.IDLE])
        clock.now += 6
        assert not watchdog_with_delivery.is_wedged([self.IDLE._replace(pid=9)])

    def test_job_claimed_between_checks_is_no_symptom(self, watchdog_with_delivery, clock):
        assert not watchdog_with_delivery.is_wedged([self.IDLE])
        Job.objects.claim_next()
        clock.now += 6
        assert not watchdog_with_delivery.is_wedged([self.IDLE])

    def test_delivery_starting_another_owners_job_is_no_symptom(self, watchdog_with_delivery, clock, alice, bob):
        """The delivered job then waits for another delivery."""
        make_job(owner=alice, state=State.RUNNING)
        waiting, other = Job.objects.get(state=State.QUEUED), tasks.count.enqueue(owner=bob)
        runner.run(str(waiting.pk))
        other.refresh_from_db()
        assert other.state == State.SUCCEEDED
        assert not self.is_wedged_later(watchdog_with_delivery, clock, self.IDLE)

    def test_job_requeued_after_its_delivery_is_no_symptom(self, watchdog_with_delivery, clock):
        Attempt(Job.objects.claim_next()).requeue("internal", "")
        assert not self.is_wedged_later(watchdog_with_delivery, clock, self.IDLE)

    def test_unreplaced_dead_process_is_a_symptom(self, clock, db):
        assert self.is_wedged_later(Watchdog(clock), clock, self.BUSY._replace(state="Z"))

    def test_healthy_cluster_is_not_wedged(self, clock, db):
        assert not self.is_wedged_later(Watchdog(clock), clock, self.IDLE, self.BUSY)


def test_prune_deletes_old_jobs_and_records_of_deliveries(alice):
    limit = timezone.now() - timedelta(days=7)
    expired = make_job(owner=alice, state=State.FAILED, finished_at=limit - timedelta(hours=2))
    recent = make_job(owner=alice, state=State.FAILED, finished_at=limit - timedelta(minutes=30))
    waiting = make_job(owner=alice, created_at=limit - timedelta(days=100))
    old = {"func": "f", "started": limit, "success": False}
    Leftover.objects.create(id="a", name="a", stopped=limit - timedelta(hours=1), **old)
    Leftover.objects.create(id="b", name="b", stopped=timezone.now(), **old)
    assert retention.prune() == 1
    assert set(Job.objects.all()) == {recent, waiting}
    assert expired not in Job.objects.all()
    assert list(Leftover.objects.values_list("id", flat=True)) == ["b"]


def test_job_retried_after_it_was_listed_for_deletion_is_kept(alice):
    job = make_job(owner=alice, state=State.FAILED, finished_at=timezone.now() - timedelta(days=8))
    retry = Job.objects.filter(pk=job.pk).update
    with after_select("progress_job", lambda: retry(state=State.QUEUED, finished_at=None)):
        assert retention.prune() == 0
    assert Job.objects.get() == job


def test_schedule_of_prune_is_created_once_and_renamed(db):
    retention.create_schedules()
    Schedule.objects.filter(name=retention.NAME).update(name="name in an older release")
    retention.create_schedules()
    retention.create_schedules()
    schedule = Schedule.objects.get(func="progress.retention.prune")
    assert schedule.name == retention.NAME
    assert import_string(schedule.func) is retention.prune
    assert (schedule.repeats, schedule.minutes) == (-1, 10)


def test_unresponsive_worker_is_killed_at_the_second_check(alice, queue, monkeypatch):
    """Its heartbeats are late, because it is stopped or blocks its threads. Soon another worker may claim its job."""
    killed = []
    silent = processes.Process(8, BUSY, "T", 1)
    monkeypatch.setattr(processes, "cluster_name", lambda: "here:10:5")
    monkeypatch.setattr(processes, "siblings", lambda: [silent])
    monkeypatch.setattr(processes, "kill", killed.append)
    job = make_job(owner=alice, state=State.RUNNING, worker="here:10:5:8", heartbeat_at=Now() - timedelta(seconds=9))
    make_job(owner=alice, state=State.RUNNING, worker="here:10:5:8")
    maintenance = Maintenance(queue)
    maintenance.run_once()
    assert killed == []
    maintenance.run_once()
    assert killed == [8]
    monkeypatch.setattr(processes, "siblings", lambda: [silent._replace(state="Z")])
    maintenance.run_once()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "worker_lost")


def test_requeued_job_keeps_its_position(alice):
    first = tasks.count.enqueue(owner=alice)
    attempt = Attempt(Job.objects.claim_next())
    later = [tasks.count.enqueue(owner=alice) for _ in range(3)]
    attempt.requeue("internal", "")
    claimed = [Job.objects.claim_next() for _ in range(4)]
    assert claimed == [first, *later]
    assert OrmQ.objects.count() == 5
