"""The processes of a Django-Q2 cluster, as one of them sees the others. Linux only: it reads /proc.

    parent          manage.py qcluster, which a supervisor started
    └─ sentinel     guards the rest, and starts anew what dies
       ├─ worker …  one job at a time
       ├─ pusher    takes deliveries from the queue; our maintenance runs beside it, in a thread
       └─ monitor   collects results, which we don't need

Each dies with the one above it, so that killing any of them leaves no orphans that go on working. A worker tells by the
name of its process, which `ps` and `top` show, whether it is busy.
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
"""The pause between two looks of the sentinel at whether it has children. It starts missing ones within a second."""


class Process(NamedTuple):
    """`name`, `state`, `parent` and `began` (in ticks since the machine did) are as proc(5) has them."""

    pid: int
    name: str
    state: str
    parent: int
    began: int = 0


def cluster_name() -> str:
    """This cluster, asked by a child of its sentinel: "host:pid:began", since after a restart a pid may come back."""
    return _cluster_name(_parent())


def worker_name() -> str:
    """This process of this cluster: "host:pid:began:pid"."""
    return f"{cluster_name()}:{os.getpid()}"


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it ends."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != _parent():  # it had ended before that
        end_process()


def end_when_childless(interval: float = CHILDLESS_SECONDS) -> None:
    """Have this process, the sentinel, killed once it has had no living child at two looks in a row.

    A killed child may leave a lock locked for which the sentinel then waits for ever. The watchdog notices that,
    unless it is killed too: it runs in another child. The timer interrupts such a wait, and children don't inherit it.
    """
    was_alone = False

    def look(*args: object) -> None:
        nonlocal was_alone
        mine = os.getpid()
        is_alone = not any(process.parent == mine and process.state != "Z" for process in all_processes())
        if is_alone and was_alone:
            end_process()
        was_alone = is_alone

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, interval, interval)


def on_worker_start(**kwargs: Any) -> None:
    """Django-Q2's signal that a worker has started."""
    die_with_parent()
    mark_idle()


def mark_idle(**kwargs: Any) -> None:
    """Django-Q2's signal that this worker has done a task."""
    _call_myself(IDLE)


def mark_busy(**kwargs: Any) -> None:
    """Django-Q2's signal that this worker has got a task."""
    _call_myself(BUSY)


def siblings() -> list[Process]:
    """All children of the sentinel, seen from one of them; the caller is one."""
    mine = _parent()
    return [process for process in all_processes() if process.parent == mine]


def living_pids() -> set[int]:
    """The children of the sentinel that have not ended."""
    return {process.pid for process in siblings() if process.state != "Z"}


def all_processes() -> list[Process]:
    """All processes of this machine."""
    return [process for name in os.listdir("/proc") if name.isdigit() and (process := _read_stat(int(name)))]


def kill(pid: int) -> None:
    """Nobody can refuse that, or put it off; it may have ended before."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def end_process() -> None:
    """End this process where it is. If it is a worker, the sentinel starts another."""
    kill(os.getpid())


def end_cluster() -> None:
    """Kill this cluster, asked by one of the sentinel's children; its supervisor starts another."""
    others = [process.pid for process in siblings() if process.pid != os.getpid()]
    for pid in (_parent(), *others):
        kill(pid)
    end_process()


def _parent() -> int:
    """Who started us, even if that has ended, and another has adopted us."""
    parent = multiprocessing.parent_process()
    return parent.pid if parent and parent.pid else os.getppid()


@cache
def _cluster_name(sentinel: int) -> str:
    process = _read_stat(sentinel)
    return f"{socket.gethostname()}:{sentinel}:{process.began if process else 0}"


def _call_myself(name: str) -> None:
    Path("/proc/self/comm").write_text(name)


def _read_stat(pid: int) -> Process | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None  # it has ended meanwhile
    name = stat[stat.index("(") + 1 : stat.rindex(")")]
    fields = stat[stat.rindex(")") + 2 :].split()
    return Process(pid, name, state=fields[0], parent=int(fields[1]), began=int(fields[19]))
