"""Kill and freeze the processes of a cluster: each job still ends correctly, and never runs twice at the same time."""

import itertools
import os
import random
import signal
import time

import pytest

from progress.models import Job, State
from tests.faults import tasks
from tests.faults.cluster import FINAL, RECOVERY_SECONDS, Cluster, Event, freeze, is_running, kill, wait_until


def wait_for_retry(cluster: Cluster, name: str) -> None:
    """Wait until the second attempt has begun, for as long as Headway promises."""
    wait_until(lambda: len(cluster.events("begin", name)) >= 2, RECOVERY_SECONDS)


def attempts(cluster: Cluster, name: str) -> list[list[Event]]:
    """Return the events of a job by attempt, from its beginning to its last step."""
    found: dict[str, list[Event]] = {}
    for event in cluster.events(name=name):
        found.setdefault(event.attempt, []).append(event)
    return sorted(found.values())


def assert_attempts_do_not_overlap(cluster: Cluster, name: str) -> None:
    runs = attempts(cluster, name)
    assert all(run[0].event == "begin" for run in runs)
    assert all(earlier[-1].at <= later[0].at for earlier, later in itertools.pairwise(runs))


@pytest.mark.slow
def test_200_kills_lose_none_of_300_jobs(cluster, alice):
    jobs = [tasks.work.enqueue(owner=alice, events=str(cluster.event_log), name=f"n{n}") for n in range(300)]
    dice = random.Random(7)
    for _ in range(200):
        victims = [child.pid for child in wait_until(cluster.children)]
        if dice.random() < 0.03:  # rarely, since it takes seconds until the next cluster has started
            victims = cluster.all_processes()[:2]
        kill(dice.choice(victims))
        time.sleep(dice.uniform(0.0, 0.25))
    unfinished = Job.objects.exclude(state__in=FINAL)
    wait_until(lambda: not unfinished.exists(), 240)
    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.error_code, job.result) == (State.SUCCEEDED, "", {"name": job.arguments["name"]})
        assert_attempts_do_not_overlap(cluster, job.arguments["name"])
    made = {path.name for path in (cluster.directory / "made").iterdir() if not path.suffix}
    assert made == {job.arguments["name"] for job in jobs}


def test_killed_busy_worker_is_replaced_and_its_job_runs_again(cluster, alice):
    job = tasks.work.enqueue(owner=alice, events=str(cluster.event_log), name="a", steps=200, pause=0.05)
    wait_until(lambda: cluster.events("begin", "a"))
    kill(cluster.busy_worker())
    wait_for_retry(cluster, "a")
    job = cluster.wait_for(job, *FINAL)
    assert (job.state, job.attempt, job.result) == (State.SUCCEEDED, 2, {"name": "a"})
    assert_attempts_do_not_overlap(cluster, "a")


def test_killed_idle_workers_do_not_wedge_the_cluster(cluster, alice):
    """An idle worker may hold the lock of Django-Q2's queue. If it is killed, nothing releases the lock."""
    for pid in cluster.idle_workers():
        kill(pid)
    killed_at = time.monotonic()
    jobs = [tasks.work.enqueue(owner=alice, events=str(cluster.event_log), name=f"idle{n}") for n in range(3)]
    for job in jobs:
        cluster.wait_for(job, State.SUCCEEDED, seconds=RECOVERY_SECONDS - (time.monotonic() - killed_at) + 5)
    assert max(cluster.events("begin")).at - killed_at < RECOVERY_SECONDS
    assert len(cluster.events("begin")) == 3


@pytest.mark.parametrize("killed", ["sentinel", "parent"])
def test_killed_parent_or_sentinel_ends_the_cluster_and_the_job_runs_again(cluster, alice, killed):
    job = tasks.work.enqueue(owner=alice, events=str(cluster.event_log), name=killed, steps=200, pause=0.05)
    cluster.busy_worker()
    old_processes = cluster.all_processes()
    kill(getattr(cluster, killed))
    wait_until(lambda: not any(is_running(pid) for pid in old_processes), 5)  # no orphan goes on working
    wait_for_retry(cluster, killed)
    assert cluster.wait_for(job, *FINAL).state == State.SUCCEEDED
    assert_attempts_do_not_overlap(cluster, killed)


@pytest.mark.parametrize("killed", ["pusher", "monitor"])
def test_killed_pusher_or_monitor_is_replaced(cluster, alice, killed):
    helpers = wait_until(lambda: len(found := cluster.children("python")) == 2 and found)
    monitor, pusher = sorted(child.pid for child in helpers)
    kill(pusher if killed == "pusher" else monitor)
    jobs = [tasks.work.enqueue(owner=alice, events=str(cluster.event_log), name=f"{killed}{n}") for n in range(3)]
    for job in jobs:
        cluster.wait_for(job, State.SUCCEEDED)


def test_killed_cluster_runs_its_jobs_again_after_a_restart(cluster, alice):
    jobs = [
        tasks.work.enqueue(owner=alice, events=str(cluster.event_log), name=f"all{n}", steps=30, pause=0.05)
        for n in range(5)
    ]
    cluster.busy_worker()
    cluster.kill()
    killed_at = time.monotonic()
    cluster.start()
    for job in jobs:
        assert cluster.wait_for(job, *FINAL, seconds=RECOVERY_SECONDS + 10).state == State.SUCCEEDED
        assert_attempts_do_not_overlap(cluster, job.arguments["name"])
    restarted = [event for event in cluster.events("begin") if event.at > killed_at]
    assert max(restarted).at - killed_at < RECOVERY_SECONDS


def test_task_killing_its_worker_fails_after_its_last_attempt(cluster, alice):
    job = tasks.kill_worker.enqueue(owner=alice, events=str(cluster.event_log))
    other = tasks.work.enqueue(owner=alice, events=str(cluster.event_log), name="other", steps=200, pause=0.02)
    job = cluster.wait_for(job, *FINAL, seconds=3 * RECOVERY_SECONDS)
    assert (job.state, job.error_code, job.attempt) == (State.FAILED, "worker_lost", 3)
    assert len(cluster.events("begin", "kill_worker")) == 3
    assert cluster.wait_for(other, *FINAL).attempt == 1


def test_frozen_worker_is_killed_before_another_worker_runs_its_job(cluster, alice):
    job = tasks.work_without_progress.enqueue(owner=alice, events=str(cluster.event_log), seconds=15)
    wait_until(lambda: cluster.events("step", "silent"))
    frozen = cluster.busy_worker()
    freeze(frozen)
    wait_for_retry(cluster, "silent")
    wait_until(lambda: not is_running(frozen))
    job = cluster.wait_for(job, *FINAL, seconds=60)
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)
    assert_attempts_do_not_overlap(cluster, "silent")


def test_frozen_cluster_loses_its_job_to_another_cluster(cluster, another_cluster, alice):
    """A paused virtual machine does this. When the cluster continues, it must end the attempt that it has lost."""
    file = cluster.directory / "file"
    job = tasks.work_until_file_exists.enqueue(
        owner=alice, events=str(cluster.event_log), name="frozen", file=str(file)
    )
    wait_until(lambda: cluster.events("step", "frozen"))
    (first,) = cluster.events("begin")
    frozen = another_cluster if first.pid in another_cluster.all_processes() else cluster
    freeze(*frozen.all_processes())
    wait_for_retry(cluster, "frozen")
    for pid in frozen.all_processes():
        os.kill(pid, signal.SIGCONT)
    wait_until(lambda: not is_running(first.pid))
    file.touch()
    job = cluster.wait_for(job, *FINAL)
    assert (job.state, job.attempt) == (State.SUCCEEDED, 2)
    assert first.attempt not in [event.attempt for event in cluster.events("end")]


def test_task_holding_the_gil_is_ended_at_its_time_limit(cluster, alice):
    """In its process, neither the heartbeat's thread nor the one that enforces the time limit can run."""
    job = tasks.hold_gil.enqueue(owner=alice, events=str(cluster.event_log))
    other = tasks.work.enqueue(owner=alice, events=str(cluster.event_log), name="other", steps=300, pause=0.05)
    job = cluster.wait_for(job, *FINAL)
    assert (job.state, job.error_code, job.attempt) == (State.FAILED, "worker_lost", 1)
    assert cluster.wait_for(other, *FINAL).attempt == 1


def test_queue_is_shared_by_two_clusters(cluster, another_cluster, alice):
    names = [f"shared{n}" for n in range(60)]
    for name in names:
        tasks.work.enqueue(owner=alice, events=str(cluster.event_log), name=name)
    wait_until(lambda: len(cluster.events("end")) == 60)
    assert sorted(event.name for event in cluster.events("begin")) == sorted(names)
    pids = {event.pid for event in cluster.events("end")}
    assert pids & set(cluster.all_processes())
    assert pids & set(another_cluster.all_processes())
