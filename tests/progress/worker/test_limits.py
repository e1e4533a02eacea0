"""Interruption of tasks that exceed a limit."""

import signal
import threading
import time
from unittest.mock import Mock

import pytest

from progress.exceptions import Cancelled, LostJob, TimeLimit
from progress.models import LEASE
from progress.reporter import Progress
from progress.worker import limits as limits_module
from progress.worker.limits import GRACE, MAX_HEARTBEAT_AGE, SIGNAL, Limits

TIME_LIMIT_SECONDS = 3600.0


class FakeAttempt:
    def __init__(self):
        self.requeued = []

    def requeue(self, code, *args, **counts):
        self.requeued.append(code)


class FakeHeartbeat:
    recorded_at = 100.0


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def progress():
    return Progress()


@pytest.fixture
def limits(progress, clock, monkeypatch):
    """Limits that only the test checks."""
    monkeypatch.setattr(limits_module, "_thread", Mock())
    limits = Limits(FakeAttempt(), progress, FakeHeartbeat(), TIME_LIMIT_SECONDS, clock)
    limits._has_lease = False
    return limits


@pytest.fixture
def _limits_thread_stops():
    yield
    limits_module._thread.stop()


@pytest.fixture
def killed(monkeypatch):
    signals = []
    monkeypatch.setattr(limits_module.processes, "end_process", lambda: signals.append(signal.SIGKILL))
    return signals


def check(limits: Limits) -> None:
    """Check the limits in another thread while the main thread works, as their own thread does."""
    thread = threading.Thread(target=limits.check)
    thread.start()
    deadline = time.monotonic() + 2
    while thread.is_alive() or time.monotonic() < deadline:
        time.sleep(0.01)
        if not thread.is_alive() and limits._interrupted_at is None:
            return


@pytest.mark.usefixtures("_limits_thread_stops", "killed")
def test_task_without_updates_is_interrupted_after_its_time_limit(progress):
    with pytest.raises(TimeLimit), Limits(FakeAttempt(), progress, FakeHeartbeat(), 0.05, time.monotonic) as limits:
        limits._heartbeat.recorded_at = time.monotonic()
        time.sleep(60)
    assert isinstance(progress.interrupt, TimeLimit)


def test_task_of_a_lost_job_is_interrupted(limits, progress):
    progress.interrupt = LostJob("claimed by another worker")
    with pytest.raises(LostJob, match="another"), limits:
        check(limits)


def test_cancelled_task_is_not_interrupted(limits, progress):
    progress.interrupt = Cancelled()
    with limits:
        check(limits)


def test_task_without_heartbeats_is_interrupted_before_its_lease_expires(limits, clock):
    limits._has_lease = True
    clock.now += MAX_HEARTBEAT_AGE
    with pytest.raises(LostJob), limits:
        check(limits)  # at the limit, and not over it
        clock.now += 0.1
        check(limits)
    assert LEASE.total_seconds() > MAX_HEARTBEAT_AGE + GRACE


def test_late_heartbeat_on_sqlite_does_not_interrupt(limits, clock):
    clock.now += TIME_LIMIT_SECONDS - 1
    with limits:
        check(limits)


def test_task_surviving_its_interruption_is_killed_and_requeued(limits, clock, killed):
    with limits:
        clock.now += TIME_LIMIT_SECONDS + 1
        with pytest.raises(TimeLimit):
            check(limits)
        clock.now += GRACE
        limits.check()
        assert killed == []
        clock.now += 0.1
        limits.check()
    assert killed == [signal.SIGKILL]
    assert limits._attempt.requeued == ["time_limit"]


def test_task_of_a_lost_job_is_killed_without_a_write(limits, clock, progress, killed):
    with limits:
        progress.interrupt = LostJob()
        with pytest.raises(LostJob):
            check(limits)
        clock.now += GRACE + 0.1
        limits.check()
    assert (killed, limits._attempt.requeued) == ([signal.SIGKILL], [])


def test_process_is_killed_even_if_the_outcome_can_not_be_written(limits, clock, killed):
    limits._attempt.requeue = lambda *args: 1 / 0
    with limits:
        clock.now += TIME_LIMIT_SECONDS + 1
        with pytest.raises(TimeLimit):
            check(limits)
        clock.now += GRACE + 0.1
        with pytest.raises(ZeroDivisionError):
            limits.check()
    assert killed == [signal.SIGKILL]


def test_late_signal_does_nothing(limits):
    before = signal.getsignal(SIGNAL)
    limits._interrupt = LostJob()
    with limits:
        limits._is_armed = False
        signal.raise_signal(SIGNAL)
    assert signal.getsignal(SIGNAL) is before
