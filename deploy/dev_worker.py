"""The worker of `make run`: `manage.py qcluster`, kept and stopped in the way that systemd does it in production.

A cluster that ends by itself is started again: one that notices that it is wedged ends so. What is left of its
processes is killed first, as a control group would be.

honcho signals a whole process group at once. Django-Q2's children die of that in the middle of their jobs, and
their parent waits for them for ever. So the cluster gets a group of its own here: its parent alone is asked to
stop, and the rest is killed only if the jobs don't end soon; they are found and tried again at the next start.
"""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from types import FrameType

PATIENCE_SECONDS = 4  # honcho's own is 5
PAUSE_SECONDS = 1

stopping = threading.Event()


def main() -> int:
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, stop)
    while True:
        code = run_cluster()
        if stopping.wait(PAUSE_SECONDS):
            return code
        print(f"headway: the worker has ended ({code}), and is started again", file=sys.stderr, flush=True)


def run_cluster() -> int:
    """One life of a cluster; its exit code."""
    cluster = subprocess.Popen([sys.executable, "manage.py", "qcluster"], start_new_session=True)
    while cluster.poll() is None:
        if stopping.is_set():
            cluster.terminate()
            with suppress(subprocess.TimeoutExpired):
                cluster.wait(PATIENCE_SECONDS)
            break
        with suppress(subprocess.TimeoutExpired):
            cluster.wait(0.2)
    with suppress(ProcessLookupError):  # whoever of them has outlived the parent, or its patience
        os.killpg(cluster.pid, signal.SIGKILL)
    return cluster.wait()


def stop(signum: int, frame: FrameType | None) -> None:
    stopping.set()


if __name__ == "__main__":
    sys.exit(main())
