"""The end of a cluster's process that has lost its children."""

import signal
import subprocess
import sys

import pytest

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
