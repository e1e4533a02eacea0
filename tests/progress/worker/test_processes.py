"""Processes of a cluster: names, states, and the end of a sentinel that has lost its children."""

import os
import signal
import socket
import subprocess
import sys
from types import SimpleNamespace

import pytest

from progress.worker import processes
from progress.worker.processes import Process
from tests.paths import ROOT

STUCK = """
import multiprocessing, os, subprocess, sys, time
import django
django.setup()
from progress.worker import processes

lock = multiprocessing.Lock()
lock.acquire()
children = [subprocess.Popen(["sleep", "60"]) for _ in range(int(sys.argv[1]))]
processes.end_when_childless(0.2)
print("ready", flush=True)
lock.acquire(timeout=float(sys.argv[2]))
for child in children:
    child.kill()
os._exit(0)  # without waiting for the interpreter to shut down, during which the childless process would be killed
"""
"""A sentinel that waits for a lock which a killed child didn't release."""


@pytest.mark.parametrize(
    ("children", "seconds", "code"),
    [pytest.param(0, 60, -signal.SIGKILL, id="without children"), pytest.param(1, 1, 0, id="with a child")],
)
def test_sentinel_waiting_for_a_lock_ends_without_children(children, seconds, code):
    done = subprocess.run(
        [sys.executable, "-c", STUCK, str(children), str(seconds)], cwd=ROOT, timeout=30, capture_output=True
    )
    assert (done.stdout, done.returncode) == (b"ready\n", code), done.stderr


@pytest.fixture
def killed_pids(monkeypatch) -> list[int]:
    """Return the list to which the ids of processes are added instead of killing them."""
    pids: list[int] = []
    monkeypatch.setattr(processes, "kill", pids.append)
    return pids


def own_process() -> Process:
    (own,) = [process for process in processes.all_processes() if process.pid == os.getpid()]
    return own


@pytest.fixture
def _restored_process_name():
    name = own_process().name
    yield
    processes._set_process_name(name)


def test_worker_name_has_host_sentinel_and_pid():
    parent = os.getppid()
    (began,) = [process.began for process in processes.all_processes() if process.pid == parent]
    assert processes.cluster_name() == f"{socket.gethostname()}:{parent}:{began}"
    assert processes.worker_name() == f"{processes.cluster_name()}:{os.getpid()}"


@pytest.mark.usefixtures("_restored_process_name")
def test_process_name_is_idle_or_busy():
    processes.mark_busy()
    assert own_process().name == processes.BUSY
    processes.mark_idle()
    assert own_process().name == processes.IDLE


@pytest.mark.usefixtures("_restored_process_name")
def test_process_name_may_contain_parentheses():
    processes._set_process_name(") R 1 (")
    assert (own_process().name, own_process().parent) == (") R 1 (", os.getppid())


def test_ended_child_is_a_sibling_but_not_living(monkeypatch):
    monkeypatch.setattr(processes, "_parent", os.getpid)
    ended, living = subprocess.Popen(["true"]), subprocess.Popen(["sleep", "60"])
    try:
        os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)
        assert {process.pid for process in processes.siblings()} >= {ended.pid, living.pid}
        assert living.pid in processes.living_pids()
        assert ended.pid not in processes.living_pids()
    finally:
        processes.kill(living.pid)
        assert (ended.wait(), living.wait()) == (0, -signal.SIGKILL)
    processes.kill(living.pid)  # has no effect


def test_end_cluster_kills_sentinel_and_siblings_before_itself(monkeypatch, killed_pids):
    monkeypatch.setattr(processes, "_parent", lambda: 10)
    own = os.getpid()
    found = [Process(pid, "", "S", parent) for pid, parent in ((10, 1), (11, 10), (own, 10), (12, 10), (13, 11))]
    monkeypatch.setattr(processes, "all_processes", lambda: found)
    processes.end_cluster()
    assert killed_pids == [10, 11, 12, own]


@pytest.mark.parametrize("has_ended", [False, True])
def test_worker_whose_sentinel_has_ended_kills_itself(monkeypatch, killed_pids, has_ended):
    calls = []
    libc = SimpleNamespace(prctl=lambda *args: calls.append(args))
    monkeypatch.setattr(processes, "ctypes", SimpleNamespace(CDLL=lambda *args, **options: libc))
    monkeypatch.setattr(processes, "_parent", lambda: 10 if has_ended else os.getppid())
    processes.die_with_parent()
    assert calls == [(processes.PR_SET_PDEATHSIG, signal.SIGKILL)]
    assert killed_pids == ([os.getpid()] if has_ended else [])


@pytest.mark.parametrize(
    ("children", "ends"),
    [
        pytest.param(["", ""], True, id="childless twice in a row"),
        pytest.param(["", "S", ""], False, id="childless once at a time"),
        pytest.param(["Z", "Z"], True, id="ended children"),
        pytest.param(["ZS", "ZS"], False, id="one living child"),
    ],
)
def test_sentinel_ends_after_two_checks_without_living_children(monkeypatch, killed_pids, children, ends):
    handlers, timers = {}, []
    replacement = SimpleNamespace(
        SIGALRM=signal.SIGALRM,
        ITIMER_REAL=signal.ITIMER_REAL,
        signal=handlers.__setitem__,
        setitimer=lambda *args: timers.append(args),
    )
    monkeypatch.setattr(processes, "signal", replacement)
    processes.end_when_childless()
    assert timers == [(signal.ITIMER_REAL, processes.CHILDLESS_SECONDS, processes.CHILDLESS_SECONDS)]
    for states in children:
        assert killed_pids == []
        found = [Process(number, "", state, os.getpid()) for number, state in enumerate(states, 10)]
        monkeypatch.setattr(processes, "all_processes", lambda found=found: found)
        handlers[signal.SIGALRM]()
    assert killed_pids == ([os.getpid()] if ends else [])
