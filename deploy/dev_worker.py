"""Supervisor of the worker in `make run`. It restarts and stops `manage.py qcluster` as systemd does in production.

A cluster that exits by itself, as it does when it detects that it is wedged, is started again. Processes that outlive
it are killed first, as systemd kills a control group.

honcho sends its signals to a whole process group. That would kill Django-Q2's children in the middle of their jobs, and
their parent would wait for them forever. So the cluster has its own process group, only its parent receives the
signal, and the rest is killed if the jobs don't end soon. Interrupted jobs run again after the next start.

The supervisor blocks signals and waits for them, because a signal handler can run at any moment and can do very little
safely.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress

STOP_TIMEOUT_SECONDS = 3  # honcho kills its processes after 5
RESTART_DELAY_SECONDS = 1

STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def main() -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS | {signal.SIGCHLD})
    while True:
        stopped, status = run_cluster()
        if stopped or signal.sigtimedwait(STOP_SIGNALS, RESTART_DELAY_SECONDS):
            return status
        print(f"headway: the worker exited with status {status} and is restarted", file=sys.stderr, flush=True)


def run_cluster() -> tuple[bool, int]:
    """Run a cluster until it exits or is to be stopped. Return whether it was to be stopped, and its exit status."""
    command = [sys.executable, "manage.py", "qcluster"]
    cluster = subprocess.Popen(command, start_new_session=True, preexec_fn=unblock)
    stopped = False
    while cluster.poll() is None and not stopped:
        stopped = signal.sigwait(STOP_SIGNALS | {signal.SIGCHLD}) in STOP_SIGNALS
    if stopped:
        cluster.terminate()
        with suppress(subprocess.TimeoutExpired):
            cluster.wait(STOP_TIMEOUT_SECONDS)
    with suppress(ProcessLookupError):  # every process of the cluster that is still running
        os.killpg(cluster.pid, signal.SIGKILL)
    return stopped, cluster.wait()


def unblock() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS | {signal.SIGCHLD})


if __name__ == "__main__":
    sys.exit(main())
