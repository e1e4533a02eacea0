"""Whoever dies, every job reaches one end, the right one, and is never run twice at the same time."""

import itertools
import os
import random
import signal
import time

import pytest

from progress.models import Job, State
from tests.faults import tasks
from tests.faults.cluster import WITHIN_SECONDS, Cluster, Entry, kill, wait_until

FINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


def begun_again(cluster: Cluster, name: str, times: int = 2) -> None:
    """Wait until another attempt has begun, for as long as is promised."""
    wait_until(lambda: len(cluster.entries("begin", name)) >= times, WITHIN_SECONDS)


def attempts(cluster: Cluster, name: str) -> list[list[Entry]]:
    """What the diary says of a job, attempt by attempt: an attempt is a process and its lines."""
    found: dict[int, list[Entry]] = {}
    for entry in cluster.entries(name=name):
        found.setdefault(entry.pid, []).append(entry)
    return sorted(found.values())


def never_at_the_same_time(cluster: Cluster, name: str) -> bool:
    runs = attempts(cluster, name)
    return all(earlier[-1].at <= later[0].at for earlier, later in itertools.pairwise(runs))


def test_a_busy_worker(cluster, alice):
    job = tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name="a", steps=40, pause=0.05)
    wait_until(lambda: cluster.entries("begin", "a"))
    kill(cluster.busy())
    begun_again(cluster, "a")
    job = cluster.wait_for(job, *FINAL)
    assert (job.state, job.attempt, job.result) == (State.SUCCEEDED, 2, {"name": "a"})
    assert never_at_the_same_time(cluster, "a")


def test_idle_workers(cluster, alice):
    """One of them waits for work with the queue's lock in its hand; whoever dies with it, wedges the cluster."""
    for pid in cluster.idle():
        kill(pid)
    killed_at = time.monotonic()
    jobs = [tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name=f"idle{n}") for n in range(3)]
    for job in jobs:
        cluster.wait_for(job, State.SUCCEEDED, seconds=WITHIN_SECONDS - (time.monotonic() - killed_at) + 5)
    assert max(cluster.entries("begin")).at - killed_at < WITHIN_SECONDS
    assert len(cluster.entries("begin")) == 3


@pytest.mark.parametrize("whom", ["sentinel", "parent"])
def test_those_above_the_workers(cluster, alice, whom):
    job = tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name=whom, steps=60, pause=0.05)
    cluster.busy()
    everyone = cluster.everyone()
    kill(getattr(cluster, whom))
    wait_until(lambda: not [pid for pid in everyone if alive(pid)], 5)  # nobody works on without a guard
    begun_again(cluster, whom)
    assert cluster.wait_for(job, *FINAL).state == State.SUCCEEDED
    assert never_at_the_same_time(cluster, whom)


@pytest.mark.parametrize("which", ["pusher", "monitor"])
def test_those_beside_the_workers(cluster, alice, which):
    first, second = sorted(child.pid for child in cluster.children("python"))
    kill(second if which == "pusher" else first)
    jobs = [tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name=f"{which}{n}") for n in range(3)]
    for job in jobs:
        cluster.wait_for(job, State.SUCCEEDED)


def test_everything_and_then_a_restart(cluster, alice):
    jobs = [
        tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name=f"all{n}", steps=30, pause=0.05)
        for n in range(5)
    ]
    cluster.busy()
    cluster.kill_all()
    killed_at = time.monotonic()
    cluster.start()
    for job in jobs:
        assert cluster.wait_for(job, *FINAL, seconds=WITHIN_SECONDS + 10).state == State.SUCCEEDED
        assert never_at_the_same_time(cluster, job.arguments["name"])
    again = [entry for entry in cluster.entries("begin") if entry.at > killed_at]
    assert max(again).at - killed_at < WITHIN_SECONDS


def test_a_task_that_kills_its_worker(cluster, alice):
    job = tasks.suicidal.enqueue(owner=alice, diary=str(cluster.diary))
    other = tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name="other", steps=200, pause=0.02)
    job = cluster.wait_for(job, *FINAL, seconds=3 * WITHIN_SECONDS)
    assert (job.state, job.error_code, job.attempt) == (State.FAILED, "worker_lost", 3)
    assert len(cluster.entries("begin", "suicidal")) == 3
    assert cluster.wait_for(other, *FINAL).attempt == 1


def test_a_worker_frozen_past_its_lease_loses_its_job(cluster, alice):
    job = tasks.silent.enqueue(owner=alice, diary=str(cluster.diary), seconds=20)
    victim = cluster.busy()
    wait_until(lambda: cluster.entries("at", "silent"))
    os.kill(victim, signal.SIGSTOP)
    begun_again(cluster, "silent")
    os.kill(victim, signal.SIGCONT)
    woken_at = time.monotonic()
    job = cluster.wait_for(job, *FINAL, seconds=60)
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)
    after = [entry for entry in cluster.entries() if entry.pid == victim and entry.at > woken_at]
    assert not [entry for entry in after if entry.event == "end"]
    assert len(after) < 20  # it went on for less than a second, of the ten that it had before it


def test_200_kills_under_a_queue_of_300_jobs(cluster, alice):
    jobs = [tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name=f"n{n}") for n in range(300)]
    dice = random.Random(7)
    for _ in range(200):
        victims = cluster.everyone()
        weights = [1 if pid in victims[:2] else 10 for pid in victims]  # the parent and the sentinel take seconds
        if victims:
            kill(dice.choices(victims, weights)[0])
        time.sleep(dice.uniform(0.0, 0.25))
    unfinished = Job.objects.exclude(state__in=FINAL)
    wait_until(lambda: not unfinished.exists(), 120)
    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.error_code, job.result) == (State.SUCCEEDED, "", {"name": job.arguments["name"]})
        assert never_at_the_same_time(cluster, job.arguments["name"])
    assert len(list((cluster.directory / "made").glob("n*[0-9]"))) >= 300


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
