"""Processes of a Django-Q2 cluster. Linux only: it reads /proc.

    parent          manage.py qcluster, started by a supervisor
    └─ sentinel     starts the other processes, and replaces those that end
       ├─ worker …  runs one job at a time
       ├─ pusher    takes deliveries from the queue; has the maintenance thread
       └─ monitor   collects results, which this package doesn't use

Each process is killed when its parent ends, so that no orphan continues a job. A worker sets its process name, which
`ps` and `top` show, to whether it is busy.
"""

import ctypes
import multiprocessing
import os
import signal
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

IDLE = "headway:idle"
BUSY = "headway:busy"
PR_SET_PDEATHSIG = 1

CHILDLESS_SECONDS = 4.0
"""Interval at which the sentinel checks whether it has children. It replaces missing ones within a second."""


class Process(NamedTuple):
    """Process as in proc(5): `began` is its start time, in clock ticks since boot."""

    pid: int
    name: str
    state: str
    parent: int
    began: int = 0


def cluster_name() -> str:
    """Return the name of this cluster, "host:pid:start time" of its sentinel. Call it in a child of the sentinel.

    The start time distinguishes clusters whose sentinels have the same pid after a reboot.
    """
    return _cluster_name(_parent())


def worker_name() -> str:
    """Return the name of this worker process, "host:pid:start time:pid": its cluster's name and its own pid."""
    return f"{cluster_name()}:{os.getpid()}"


def die_with_parent() -> None:
    """Let the kernel kill this process when its parent ends."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != _parent():  # the parent had already ended
        end_process()


def end_when_childless(interval: float = CHILDLESS_SECONDS) -> None:
    """Let a timer kill this process, the sentinel, once it has had no living child at two checks in a row.

    The sentinel may wait forever for a lock that a killed child held. The watchdog detects that, unless its own
    process, another child, was killed too. The timer interrupts such a wait, and children don't inherit it.
    """
    was_childless = False

    def check(*args: object) -> None:
        nonlocal was_childless
        own_pid = os.getpid()
        is_childless = not any(process.parent == own_pid and process.state != "Z" for process in all_processes())
        if is_childless and was_childless:
            end_process()
        was_childless = is_childless

    signal.signal(signal.SIGALRM, check)
    signal.setitimer(signal.ITIMER_REAL, interval, interval)


def on_worker_start(**kwargs: Any) -> None:
    """Handle Django-Q2's signal that a worker has started."""
    die_with_parent()
    mark_idle()


def mark_idle(**kwargs: Any) -> None:
    """Handle Django-Q2's signal that this worker has finished a package."""
    _set_process_name(IDLE)


def mark_busy(**kwargs: Any) -> None:
    """Handle Django-Q2's signal that this worker has received a package."""
    _set_process_name(BUSY)


def siblings() -> list[Process]:
    """Return all children of the sentinel. Call it in one of them; it is included."""
    sentinel = _parent()
    return [process for process in all_processes() if process.parent == sentinel]


def living_pids() -> set[int]:
    """Return the pids of the sentinel's children that have not ended."""
    return {process.pid for process in siblings() if process.state != "Z"}


def all_processes() -> list[Process]:
    """Return all processes of this machine."""
    return [process for name in os.listdir("/proc") if name.isdigit() and (process := _read_stat(int(name)))]


def kill(pid: int) -> None:
    """Send SIGKILL to the process, if it still exists."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def end_process() -> None:
    """Kill this process. If it is a worker, the sentinel starts another."""
    kill(os.getpid())


def end_cluster() -> None:
    """Kill this cluster, so that its supervisor starts another. Call it in a child of the sentinel."""
    others = [process.pid for process in siblings() if process.pid != os.getpid()]
    for pid in (_parent(), *others):
        kill(pid)
    end_process()


def _parent() -> int:
    """Return the pid of the process that started this one, even if it has ended."""
    parent = multiprocessing.parent_process()
    return parent.pid if parent and parent.pid else os.getppid()


@cache
def _cluster_name(sentinel: int) -> str:
    process = _read_stat(sentinel)
    return f"{socket.gethostname()}:{sentinel}:{process.began if process else 0}"


def _set_process_name(name: str) -> None:
    Path("/proc/self/comm").write_text(name)


def _read_stat(pid: int) -> Process | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None  # the process has ended
    name = stat[stat.index("(") + 1 : stat.rindex(")")]
    fields = stat[stat.rindex(")") + 2 :].split()
    return Process(pid, name, state=fields[0], parent=int(fields[1]), began=int(fields[19]))
