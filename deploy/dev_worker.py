"""The worker of `make run`: `manage.py qcluster`, kept and stopped in the way that systemd does it in production.

A cluster that ends by itself is started again: one that notices that it is wedged ends so. What is left of its
processes is killed first, as a control group would be.

honcho signals a whole process group at once. Django-Q2's children die of that in the middle of their jobs, and
their parent waits for them for ever. So the cluster gets a group of its own here: its parent alone is asked to
stop, and the rest is killed only if the jobs don't end soon; they are found and tried again at the next start.

Signals are waited for, and not handled: a handler may strike at any moment, and could do next to nothing safely.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress

PATIENCE_SECONDS = 3  # honcho's own is 5
PAUSE_SECONDS = 1

STOP = {signal.SIGTERM, signal.SIGINT}


def main() -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP | {signal.SIGCHLD})
    while True:
        stopped, code = run_cluster()
        if stopped or signal.sigtimedwait(STOP, PAUSE_SECONDS):
            return code
        print(f"headway: the worker has ended ({code}), and is started again", file=sys.stderr, flush=True)


def run_cluster() -> tuple[bool, int]:
    """One life of a cluster: whether we were asked to stop it, and its exit code."""
    command = [sys.executable, "manage.py", "qcluster"]
    cluster = subprocess.Popen(command, start_new_session=True, preexec_fn=unblock)
    stopped = False
    while cluster.poll() is None and not stopped:
        stopped = signal.sigwait(STOP | {signal.SIGCHLD}) in STOP
    if stopped:
        cluster.terminate()
        with suppress(subprocess.TimeoutExpired):
            cluster.wait(PATIENCE_SECONDS)
    with suppress(ProcessLookupError):  # whoever of them has outlived the parent, or its patience
        os.killpg(cluster.pid, signal.SIGKILL)
    return stopped, cluster.wait()


def unblock() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP | {signal.SIGCHLD})


if __name__ == "__main__":
    sys.exit(main())
