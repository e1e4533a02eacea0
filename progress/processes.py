"""The processes of a Django-Q2 cluster, as one of them sees the others. Linux only: it reads /proc.

    parent          manage.py qcluster, which a supervisor started
    └─ sentinel     guards the rest, and starts anew what dies
       ├─ worker …  one job at a time
       ├─ pusher    takes deliveries from the queue; our upkeep runs beside it, in a thread
       └─ monitor   collects results, which we don't need

Each dies with the one above it, so that killing any of them leaves no orphans that go on working. A worker tells by the
name of its process, which `ps` and `top` show, whether it is busy.
"""

import ctypes
import os
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

IDLE = "headway:idle"
BUSY = "headway:busy"
PR_SET_PDEATHSIG = 1


class Process(NamedTuple):
    pid: int
    name: str
    state: str
    parent: int


def cluster_name() -> str:
    """This cluster, asked by a child of its sentinel: "host:pid"."""
    return f"{socket.gethostname()}:{os.getppid()}"


def worker_name() -> str:
    """This process of this cluster: "host:pid:pid"."""
    return f"{cluster_name()}:{os.getpid()}"


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it ends."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it had just ended
        os.kill(os.getpid(), signal.SIGKILL)


def begin_work(**kwargs: Any) -> None:
    """Django-Q2's signal that a worker has started."""
    die_with_parent()
    call_idle()


def call_idle(**kwargs: Any) -> None:
    """Django-Q2's signal that this worker has done a task."""
    _call_myself(IDLE)


def call_busy(**kwargs: Any) -> None:
    """Django-Q2's signal that this worker has got a task."""
    _call_myself(BUSY)


def siblings() -> list[Process]:
    """All children of the sentinel, seen from one of them; the caller is one."""
    mine = os.getppid()
    return [process for process in everybody() if process.parent == mine]


def everybody() -> list[Process]:
    """All processes of this machine."""
    return [process for name in os.listdir("/proc") if name.isdigit() and (process := _look(int(name)))]


def end_cluster() -> None:
    """Kill this cluster, asked by one of the sentinel's children; its supervisor starts another."""
    sentinel = os.getppid()
    others = [process.pid for process in siblings() if process.pid != os.getpid()]
    for pid in (sentinel, *others, os.getpid()):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _call_myself(name: str) -> None:
    Path("/proc/self/comm").write_text(name)


def _look(pid: int) -> Process | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None  # it has ended meanwhile
    name = stat[stat.index("(") + 1 : stat.rindex(")")]
    state, parent = stat[stat.rindex(")") + 2 :].split()[:2]
    return Process(pid, name, state, int(parent))
