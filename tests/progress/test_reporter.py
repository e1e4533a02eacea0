"""Progress of a task, and the heartbeat that writes it."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from progress.exceptions import Cancelled, LostJob
from progress.reporter import Progress
from progress.worker import heartbeat
from progress.worker.heartbeat import HEARTBEAT_INTERVAL, Heartbeat


class Recorder:
    """A replacement of Attempt that records the values to write."""

    def __init__(self):
        self.writes = []
        self.beats = 0
        self.error = None

    def report(self, **values):
        if self.error:
            raise self.error
        self.writes.append(values)

    def record_heartbeat(self):
        if self.error:
            raise self.error
        self.beats += 1

    @property
    def last(self):
        return self.writes[-1]


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def recorder():
    return Recorder()


@pytest.fixture
def clock():
    return Clock()


def progress_with_heartbeat(recorder, clock) -> Progress:
    """Return a progress whose heartbeat runs after each `advance`."""
    progress = Progress()
    heartbeat = Heartbeat(recorder, progress, clock)
    count = progress.advance

    def advance(n=1):
        count(n)
        heartbeat.write()

    progress.advance = advance
    return progress


@pytest.fixture
def progress(recorder, clock):
    return progress_with_heartbeat(recorder, clock)


def test_percent_is_the_fraction_of_work_done(progress, recorder, clock):
    progress.stage("Reading", total=8, unit="rows")
    for done in range(1, 9):
        clock.now += 1
        progress.advance()
        assert recorder.last["percent"] == min(99, done * 100 // 8)
        assert recorder.last["current"] == done


def test_percent_is_99_when_all_work_is_done(progress, recorder, clock):
    progress.stage("Reading", total=1)
    clock.now += 1
    progress.advance()
    assert recorder.last["percent"] == 99


def test_percent_weights_the_stages(progress, recorder, clock):
    progress.stage("Checking", total=2, weight=0.2)
    clock.now += 1
    progress.advance()
    assert recorder.last["percent"] == 10
    progress.stage("Making", total=4)
    assert recorder.last == {
        "stage": "Making",
        "unit": "",
        "current": 0,
        "total": 4,
        "percent": 20,
        "eta_seconds": None,
    }
    clock.now += 1
    progress.advance(2)
    assert recorder.last["percent"] == 60


def test_stage_without_total_has_no_percent_but_counts(progress, recorder, clock):
    progress.stage("Searching", weight=0.5)
    clock.now += 1
    progress.advance(7)
    assert (recorder.last["percent"], recorder.last["current"], recorder.last["total"]) == (None, 7, None)
    progress.stage("Copying", total=2)
    assert recorder.last["percent"] == 50


def test_exceeded_total_becomes_unknown(progress, recorder, clock):
    progress.stage("Reading", total=2)
    clock.now += 1
    progress.advance(3)
    assert (recorder.last["percent"], recorder.last["total"], recorder.last["current"]) == (None, None, 3)


def test_stage_with_total_0_is_done(progress, recorder):
    progress.stage("Reading", total=0, weight=0.5)
    assert recorder.last["percent"] == 50


def test_progress_is_written_five_times_a_second_at_most(progress, recorder, clock):
    progress.stage("Reading", total=1000)
    for _ in range(1000):
        clock.now += 0.01
        progress.advance()
    assert 40 <= len(recorder.writes) <= 51


def test_every_stage_is_written(progress, recorder):
    for name in ("One", "Two", "Three"):
        progress.stage(name, total=1, weight=0.1)
    assert [write["stage"] for write in recorder.writes] == ["One", "Two", "Three"]


def test_negative_advance_raises_value_error(progress):
    progress.stage("Reading", total=3)
    with pytest.raises(ValueError, match="backwards"):
        progress.advance(-1)


def test_track_yields_and_counts_items(progress, recorder, clock):
    seen = []
    for item in progress.track(["a", "b", "c"], stage="Spelling", unit="letters"):
        clock.now += 1
        progress.wake()
        seen.append((item, recorder.last["current"], recorder.last["total"]))
    assert seen == [("a", 0, 3), ("b", 1, 3), ("c", 2, 3)]
    assert progress.current_stage.counts()["current"] == 3


def test_track_of_a_generator_has_no_total(progress, recorder):
    assert list(progress.track((n for n in range(3)), stage="Counting")) == [0, 1, 2]
    assert recorder.last["total"] is None


def test_remaining_time_is_unknown_in_the_first_seconds(progress, recorder, clock):
    progress.stage("Reading", total=100)
    clock.now += 1
    progress.advance(10)
    assert recorder.last["eta_seconds"] is None
    clock.now += 1
    progress.advance(10)
    assert recorder.last["eta_seconds"] == 8


@pytest.mark.parametrize("total", [100, 3, 7])
def test_percent_has_no_rounding_errors(recorder, clock, total):
    progress = progress_with_heartbeat(recorder, clock)
    progress.stage("Reading", total=total)
    for done in range(1, total):
        clock.now += 1
        progress.advance()
        assert recorder.last["percent"] == done * 100 // total


def test_unchanged_progress_is_not_written_again(progress, recorder, clock):
    progress.stage("Reading", total=3)
    progress.advance(3)
    for _ in range(10):
        clock.now += 1
        progress.wake()
    assert [write["current"] for write in recorder.writes] == [0, 3]


def test_heartbeats_are_recorded_while_nothing_changes(progress, recorder, clock):
    for _ in range(10):
        clock.now += HEARTBEAT_INTERVAL
        progress.wake()
    assert (recorder.beats, recorder.writes) == (10, [])


def test_counts_before_the_first_stage_are_written(progress, recorder, clock):
    clock.now += 1
    progress.advance(5)
    assert (recorder.last["current"], recorder.last["percent"]) == (5, None)


@pytest.mark.parametrize("interrupt", [Cancelled(), LostJob()])
def test_interrupted_task_stops_at_its_next_update(progress, recorder, clock, interrupt):
    steps = progress.track(range(10), stage="Reading")
    next(steps)
    recorder.error = interrupt
    clock.now += HEARTBEAT_INTERVAL
    progress.wake()
    for update in (lambda: next(steps), lambda: progress.advance(), lambda: progress.stage("More")):
        with pytest.raises(type(interrupt)):
            update()


def test_cancellation_is_treated_as_a_heartbeat(recorder, clock):
    """So a cancelled task has time to clean up before it counts as lost."""
    heartbeat = Heartbeat(recorder, Progress(), clock)
    recorder.error = Cancelled()
    clock.now += HEARTBEAT_INTERVAL
    heartbeat.write()
    assert heartbeat.recorded_at == clock.now
    recorder.error = LostJob()
    clock.now += HEARTBEAT_INTERVAL
    heartbeat.write()
    assert heartbeat.recorded_at == clock.now - HEARTBEAT_INTERVAL


def test_count_is_limited_to_the_range_of_its_column(progress, recorder, clock):
    clock.now += 1
    progress.advance(2**70)
    assert recorder.last["current"] == 2**63 - 1
    with pytest.raises(ValueError, match="total"):
        progress.stage("Too large", total=2**70)


def test_final_counts_keep_the_percent_of_earlier_stages(progress, clock):
    progress.stage("Reading", total=2, weight=0.4)
    progress.advance(2)
    progress.stage("Searching")
    progress.advance(5)
    assert progress.current_stage.counts()["percent"] is None
    assert (progress.final_counts()["percent"], progress.final_counts()["current"]) == (40, 5)


def test_stage_is_written_later_after_a_failed_write(progress, recorder, clock):
    recorder.error = RuntimeError("the database is unavailable")
    with pytest.raises(RuntimeError):
        progress.stage("One", total=2)
    recorder.error = None
    progress.stage("Two", total=2)
    assert [write["stage"] for write in recorder.writes] == ["One", "Two"]


def test_heartbeat_stops_when_its_job_is_lost(recorder, monkeypatch):
    """Otherwise, it would write in vain until the worker's next job."""
    monkeypatch.undo()
    recorder.error = LostJob()
    progress = Progress()
    with pytest.raises(LostJob), Heartbeat(recorder, progress):
        while True:
            progress.stage("Working")
            time.sleep(0.001)
    assert heartbeat._thread._function is None


def test_heartbeat_writes_in_its_own_thread(recorder, monkeypatch):
    monkeypatch.undo()
    threads = set()
    report = recorder.report
    recorder.report = lambda **values: (threads.add(threading.current_thread().name), report(**values))
    progress = Progress()
    with Heartbeat(recorder, progress):
        progress.stage("One", total=1, weight=0.1)
        while not recorder.writes:
            time.sleep(0.001)
        progress.stage("Two", total=1, weight=0.1)
        progress.stage("Three", total=1, weight=0.1)
    assert [write["stage"] for write in recorder.writes] == ["One", "Two", "Three"]
    assert "heartbeat" in threads


def test_remaining_time_includes_stages_without_total(progress, recorder, clock):
    progress.stage("Searching", weight=0.5)
    clock.now += 60
    progress.stage("Copying", total=10)
    assert recorder.last["eta_seconds"] == 60


def test_remaining_time_grows_after_a_pause(progress, recorder, clock):
    progress.stage("Reading", total=100)
    for _ in range(5):
        clock.now += 1
        progress.advance(10)
    before = recorder.last["eta_seconds"]
    clock.now += 20
    progress.advance(1)
    assert recorder.last["eta_seconds"] > before


@given(
    st.lists(
        st.tuples(
            st.none() | st.integers(0, 50),
            st.none() | st.floats(0, 2),
            st.lists(st.integers(0, 20), max_size=8),
        ),
        max_size=6,
    )
)
def test_percent_never_goes_down_and_never_reaches_100(stages):
    recorder, clock = Recorder(), Clock()
    progress = progress_with_heartbeat(recorder, clock)
    for total, weight, steps in stages:
        progress.stage("stage", total=total, weight=weight)
        for step in steps:
            clock.now += 1
            progress.advance(step)
    known = [write["percent"] for write in recorder.writes if write["percent"] is not None]
    assert known == sorted(known)
    assert all(0 <= percent <= 99 for percent in known)
    for write in recorder.writes:
        assert write["total"] is None or write["current"] <= write["total"]
        assert write["eta_seconds"] is None or write["eta_seconds"] >= 0
