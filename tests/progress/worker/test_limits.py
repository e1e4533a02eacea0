"""A task that must stop, and doesn't ask, is interrupted where it is; who survives that is killed."""

import signal
import threading
import time
from unittest.mock import Mock

import pytest

from progress.exceptions import Cancelled, LostJob, TimeLimit
from progress.models import LEASE
from progress.reporter import Progress
from progress.worker import limits as guard_module
from progress.worker.limits import GRACE, SIGNAL, SILENCE_ALLOWED, Guard

LONG = 3600.0


class FakeAttempt:
    def __init__(self):
        self.given_back = []

    def give_back(self, *why, **counts):
        self.given_back.append(why[0])


class FakePulse:
    beaten_at = 100.0


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
def guard(progress, clock, monkeypatch):
    """One that is asked by the test alone."""
    monkeypatch.setattr(guard_module, "_thread", Mock())
    made = Guard(FakeAttempt(), progress, FakePulse(), LONG, clock)
    made._can_be_cut_off = False
    return made


@pytest.fixture
def _no_guard_is_left():
    yield
    guard_module._thread.stop()


@pytest.fixture
def killed(monkeypatch):
    signals = []
    monkeypatch.setattr(guard_module.processes, "end_process", lambda: signals.append(signal.SIGKILL))
    return signals


def check(guard: Guard) -> None:
    """As its own thread does it, while the main thread works."""
    thread = threading.Thread(target=guard.check)
    thread.start()
    deadline = time.monotonic() + 2
    while thread.is_alive() or time.monotonic() < deadline:
        time.sleep(0.01)
        if not thread.is_alive() and guard._interrupted_at is None:
            return


@pytest.mark.usefixtures("_no_guard_is_left", "killed")
def test_a_task_that_does_not_ask_is_interrupted_when_its_time_is_over(progress):
    with pytest.raises(TimeLimit), Guard(FakeAttempt(), progress, FakePulse(), 0.05, time.monotonic) as guard:
        guard._pulse.beaten_at = time.monotonic()
        time.sleep(60)
    assert isinstance(progress.interrupt, TimeLimit)


def test_so_is_one_whose_job_was_lost(guard, progress):
    progress.interrupt = LostJob("it is another's")
    with pytest.raises(LostJob, match="another"), guard:
        check(guard)


def test_one_that_shall_be_cancelled_is_left_to_its_next_update(guard, progress):
    progress.interrupt = Cancelled()
    with guard:
        check(guard)


def test_whoever_is_cut_off_stops_before_others_may_take_over(guard, clock):
    guard._can_be_cut_off = True
    clock.now += SILENCE_ALLOWED
    with pytest.raises(LostJob), guard:
        check(guard)  # not yet
        clock.now += 0.1
        check(guard)
    assert LEASE.total_seconds() > SILENCE_ALLOWED + GRACE


def test_who_waits_for_sqlite_is_not_cut_off(guard, clock):
    clock.now += LONG - 1
    with guard:
        check(guard)


def test_who_survives_the_interruption_is_killed_after_a_while(guard, clock, killed):
    with guard:
        clock.now += LONG + 1
        with pytest.raises(TimeLimit):
            check(guard)
        clock.now += GRACE
        guard.check()
        assert killed == []
        clock.now += 0.1
        guard.check()
    assert killed == [signal.SIGKILL]
    assert guard._attempt.given_back == ["time_limit"]


def test_one_that_lost_its_job_is_killed_without_another_word(guard, clock, progress, killed):
    with guard:
        progress.interrupt = LostJob()
        with pytest.raises(LostJob):
            check(guard)
        clock.now += GRACE + 0.1
        guard.check()
    assert (killed, guard._attempt.given_back) == ([signal.SIGKILL], [])


def test_it_dies_even_if_its_last_words_can_not_be_written(guard, clock, killed):
    guard._attempt.give_back = lambda *why: 1 / 0
    with guard:
        clock.now += LONG + 1
        with pytest.raises(TimeLimit):
            check(guard)
        clock.now += GRACE + 0.1
        with pytest.raises(ZeroDivisionError):
            guard.check()
    assert killed == [signal.SIGKILL]


def test_a_signal_that_comes_too_late_hurts_nobody(guard):
    before = signal.getsignal(SIGNAL)
    guard._why = LostJob()
    with guard:
        guard._armed = False
        signal.raise_signal(SIGNAL)
    assert signal.getsignal(SIGNAL) is before
