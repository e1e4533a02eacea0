"""Whoever dies, every job reaches one end, the right one, and is never run twice at the same time."""

import itertools
import os
import random
import signal
import time

import pytest

from progress.models import Job, State
from tests.faults import tasks
from tests.faults.cluster import WITHIN_SECONDS, Cluster, Entry, freeze, kill, wait_until

FINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED)


def begun_again(cluster: Cluster, name: str, times: int = 2) -> None:
    """Wait until another attempt has begun, for as long as is promised."""
    wait_until(lambda: len(cluster.entries("begin", name)) >= times, WITHIN_SECONDS)


def attempts(cluster: Cluster, name: str) -> list[list[Entry]]:
    """What the diary says of a job, attempt by attempt, from its beginning to its last step."""
    found: dict[str, list[Entry]] = {}
    for entry in cluster.entries(name=name):
        found.setdefault(entry.attempt, []).append(entry)
    return sorted(found.values())


def never_at_the_same_time(cluster: Cluster, name: str) -> bool:
    runs = attempts(cluster, name)
    assert all(run[0].event == "begin" for run in runs)
    return all(earlier[-1].at <= later[0].at for earlier, later in itertools.pairwise(runs))


def test_200_kills_under_a_queue_of_300_jobs(cluster, alice):
    """The longest comes first, since the others run beside it."""
    jobs = [tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name=f"n{n}") for n in range(300)]
    dice = random.Random(7)
    for _ in range(200):
        victims = [child.pid for child in wait_until(cluster.children)]
        if dice.random() < 0.03:  # after that it takes seconds until there is another cluster to kill from
            victims = cluster.everyone()[:2]
        kill(dice.choice(victims))
        time.sleep(dice.uniform(0.0, 0.25))
    unfinished = Job.objects.exclude(state__in=FINAL)
    wait_until(lambda: not unfinished.exists(), 240)
    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.error_code, job.result) == (State.SUCCEEDED, "", {"name": job.arguments["name"]})
        assert never_at_the_same_time(cluster, job.arguments["name"])
    made = {path.name for path in (cluster.directory / "made").iterdir() if not path.suffix}
    assert made == {job.arguments["name"] for job in jobs}


def test_a_busy_worker(cluster, alice):
    job = tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name="a", steps=200, pause=0.05)
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
    job = tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name=whom, steps=200, pause=0.05)
    cluster.busy()
    everyone = cluster.everyone()
    kill(getattr(cluster, whom))
    wait_until(lambda: not [pid for pid in everyone if alive(pid)], 5)  # nobody works on without a guard
    begun_again(cluster, whom)
    assert cluster.wait_for(job, *FINAL).state == State.SUCCEEDED
    assert never_at_the_same_time(cluster, whom)


@pytest.mark.parametrize("which", ["pusher", "monitor"])
def test_those_beside_the_workers(cluster, alice, which):
    beside = wait_until(lambda: len(found := cluster.children("python")) == 2 and found)
    first, second = sorted(child.pid for child in beside)
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


def test_a_worker_that_is_frozen_is_killed_before_another_takes_its_job(cluster, alice):
    job = tasks.silent.enqueue(owner=alice, diary=str(cluster.diary), seconds=15)
    wait_until(lambda: cluster.entries("at", "silent"))
    victim = cluster.busy()
    freeze(victim)
    begun_again(cluster, "silent")
    wait_until(lambda: not alive(victim))
    job = cluster.wait_for(job, *FINAL, seconds=60)
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)
    assert never_at_the_same_time(cluster, "silent")


def test_a_cluster_frozen_past_its_lease_loses_its_job_to_another_one(cluster, another_cluster, alice):
    """As a virtual machine that is paused; when it wakes it must not go on."""
    sign = cluster.directory / "sign"
    job = tasks.until.enqueue(owner=alice, diary=str(cluster.diary), name="frozen", sign=str(sign))
    wait_until(lambda: cluster.entries("at", "frozen"))
    (begun,) = cluster.entries("begin")
    frozen, other = cluster, another_cluster
    if begun.pid in other.everyone():
        frozen, other = other, frozen
    freeze(*frozen.everyone())
    begun_again(cluster, "frozen")
    for pid in frozen.everyone():
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: not alive(begun.pid))
    sign.touch()
    job = cluster.wait_for(job, *FINAL)
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)
    assert begun.attempt not in [entry.attempt for entry in cluster.entries("end")]


def test_a_task_that_lets_nobody_else_run_is_ended_from_outside(cluster, alice):
    """Not even the thread that would say that it lives, nor the one that would end it."""
    job = tasks.greedy.enqueue(owner=alice, diary=str(cluster.diary))
    other = tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name="other", steps=300, pause=0.05)
    job = cluster.wait_for(job, *FINAL)
    assert (job.state, job.error_code, job.attempt) == (State.FAILED, "worker_lost", 1)
    assert cluster.wait_for(other, *FINAL).attempt == 1


def test_two_clusters_share_a_queue(cluster, another_cluster, alice):
    names = [f"shared{n}" for n in range(60)]
    for name in names:
        tasks.work.enqueue(owner=alice, diary=str(cluster.diary), name=name)
    wait_until(lambda: len(cluster.entries("end")) == 60)
    assert sorted(entry.name for entry in cluster.entries("begin")) == sorted(names)
    pids = {entry.pid for entry in cluster.entries("end")}
    assert pids & set(cluster.everyone())
    assert pids & set(another_cluster.everyone())


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
