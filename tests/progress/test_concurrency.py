"""Concurrent claims, cancels, deliveries and watchers, in threads with their own connections."""

import threading
import time

import pytest
from django.db import transaction
from django.test import Client

from progress.live.hub import Hub
from progress.live.jobs import Jobs
from progress.models import Job, State, changed
from progress.queue import base
from progress.queue import database as broker_module
from tests.helpers import make_job, make_login, run_concurrently
from tests.progress import tasks

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

TIMEOUT_SECONDS = 30.0


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_concurrent_cancels_count_once(alice, state):
    job = make_job(owner=alice, state=state)

    def cancel() -> int:
        client = Client()
        client.force_login(alice)
        return client.post(f"/api/progress/{job.pk}/cancel/").status_code

    statuses = sorted(run_concurrently(*[cancel] * 4))
    assert statuses == ([200, 200, 200, 200] if state == State.RUNNING else [200, 409, 409, 409])
    job.refresh_from_db()
    assert job.cancel_requested
    assert job.state == (State.RUNNING if state == State.RUNNING else State.CANCELLED)


def test_cancel_concurrent_with_a_claim_is_not_lost(alice):
    for _ in range(20):
        job = make_job(owner=alice)
        _, claimed = run_concurrently(Job.objects.filter(pk=job.pk).cancel, Job.objects.claim_next)
        job.refresh_from_db()
        assert job.cancel_requested
        assert job.state == (State.RUNNING if claimed else State.CANCELLED)


def test_job_is_claimed_by_one_of_many_concurrent_claims(alice):
    make_job(owner=alice)
    claims = run_concurrently(*[lambda name=name: Job.objects.claim_next(worker=name) for name in "abcdef"])
    (job,) = filter(None, claims)
    assert (job.attempt, job.claim, job.worker) == (1, 1, Job.objects.get().worker)


def test_concurrent_claims_leave_no_job_behind(alice, bob):
    """Each of the claims gets a job, although all of them select the same job first."""
    for _ in range(10):
        jobs = {make_job(owner=owner).pk for owner in (alice, alice, alice, alice, bob, bob)}
        claimed = run_concurrently(*[Job.objects.claim_next] * 6)
        assert {job.pk for job in claimed if job} == jobs


def test_claim_skips_a_locked_job(alice, bob):
    """A transaction that deletes a user may lock the user's jobs for a long time."""
    make_job(owner=alice)
    job_of_bob = make_job(owner=bob)
    with transaction.atomic():
        Job.objects.select_for_update().get(owner=alice)
        (claimed,) = run_concurrently(Job.objects.claim_next)
    assert claimed == job_of_bob


def test_concurrent_brokers_take_each_delivery_once(alice, monkeypatch):
    for number in range(20):
        tasks.count.enqueue(owner=alice, number=number)

    def take_all() -> list:
        queue = broker_module.Broker()
        taken = []
        while delivery := queue.take():
            taken += delivery
        return taken

    monkeypatch.setattr(broker_module.Broker, "_wait", lambda self: None)
    taken = [payload for deliveries in run_concurrently(*[take_all] * 4) for _, payload in deliveries]
    assert len(taken) == len(set(taken)) == 20


def test_waiting_queue_is_woken_by_a_delivery(alice, monkeypatch):
    monkeypatch.setattr(base, "MAX_WAIT_SECONDS", TIMEOUT_SECONDS)
    waiting = threading.Event()
    wait = broker_module.Broker._wait
    monkeypatch.setattr(broker_module.Broker, "_wait", lambda self: (waiting.set(), wait(self)))

    def take() -> list | None:
        queue = broker_module.Broker()
        return queue.take() or queue.take()

    def enqueue() -> None:
        waiting.wait(TIMEOUT_SECONDS)
        tasks.count.enqueue(owner=alice)

    started_at = time.monotonic()
    taken, _ = run_concurrently(take, enqueue)
    assert len(taken) == 1
    assert time.monotonic() - started_at < TIMEOUT_SECONDS / 2


def test_hub_notifies_its_watchers_and_its_thread_ends_with_the_last(alice):
    job = make_job(owner=alice, state=State.RUNNING, percent=1)
    hub = Hub()
    login = make_login(alice)
    watchers = [hub.watch(Jobs, [job.pk], login) for _ in range(20)]
    thread = hub._thread
    assert set(watchers[0].wait(TIMEOUT_SECONDS)) == {job.pk}  # the current state

    def last_percent(watcher) -> int:
        percent = 0
        while percent < 50:
            changes = watcher.wait(TIMEOUT_SECONDS)  # empty if the watcher has already taken the change that woke it
            percent = changes[job.pk].job.percent if changes else percent
        return percent

    def update() -> int:
        for percent in range(2, 51):
            Job.objects.filter(pk=job.pk).update(percent=percent, **changed())
        return 50

    readers = [lambda watcher=watcher: last_percent(watcher) for watcher in watchers]
    assert set(run_concurrently(update, *readers)) == {50}
    for watcher in watchers:
        watcher.close()
    thread.join(TIMEOUT_SECONDS)
    assert not thread.is_alive()
