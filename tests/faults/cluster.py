"""A real cluster under a real supervisor, with a database of its own that the test queries with the ORM."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

from django.db import connection

from progress.models import Job, State
from progress.worker import processes
from tests.helpers import complete_lines
from tests.paths import ROOT

T = TypeVar("T")

FINAL = (State.SUCCEEDED, State.FAILED, State.CANCELLED)
START_SECONDS = 40.0
RECOVERY_SECONDS = 20.0
"""Headway's promise: this long after any process has died, its job is running again or has failed for good."""

TIMEOUT_SECONDS = 60.0
"""Limit for everything that has no promised duration, on a machine where several tests kill clusters concurrently."""


class Event(NamedTuple):
    """A line of the event log, which tasks write. `at` is a monotonic time in seconds."""

    at: float
    pid: int
    event: str
    name: str
    attempt: str


class Cluster:
    """`deploy/dev_worker.py`, which restarts `manage.py qcluster` whenever it exits."""

    def __init__(self, directory: Path, database_url: str, **settings: str) -> None:
        self.directory = directory
        self.event_log = directory / "events"
        self.event_log.touch()
        self.log = directory / "log"
        self.environment = {
            "PATH": os.environ["PATH"],
            "DEBUG": "true",
            "STATE_DIR": str(directory),
            "DATABASE_URL": database_url,
            "WORKER_CONCURRENCY": "2",
            **settings,
        }

    def start(self) -> None:
        with self.log.open("a") as log:
            self.supervisor = subprocess.Popen(
                [sys.executable, "deploy/dev_worker.py"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_until(lambda: len(self.children(processes.IDLE)) >= 2, START_SECONDS)

    def stop(self) -> None:
        if self.supervisor.poll() is None:
            self.supervisor.terminate()
        self.supervisor.wait(TIMEOUT_SECONDS)

    def kill(self) -> None:
        """Kill the supervisor and all processes, as a power failure would."""
        for pid in (self.supervisor.pid, *self.all_processes()):
            kill(pid)
        self.supervisor.wait(TIMEOUT_SECONDS)

    @property
    def parent(self) -> int:
        return child_processes(self.supervisor.pid)[0].pid

    @property
    def sentinel(self) -> int:
        return child_processes(self.parent)[0].pid

    def children(self, name: str = "") -> list[processes.Process]:
        """Return the sentinel's running children whose name contains `name`, or none while there is no sentinel."""
        found = processes.all_processes()
        parents = [process.pid for process in found if process.parent == self.supervisor.pid][:1]
        sentinels = [process.pid for process in found if process.parent in parents][:1]
        return [child for child in found if child.parent in sentinels and name in child.name and child.state != "Z"]

    def busy_worker(self) -> int:
        """Wait for a busy worker. Return its process id."""
        return wait_until(lambda: self.children(processes.BUSY))[0].pid

    def idle_workers(self) -> list[int]:
        return [child.pid for child in self.children(processes.IDLE)]

    def all_processes(self) -> list[int]:
        """Return the ids of all processes of the cluster, without its supervisor, parents before their children."""
        return _descendants(self.supervisor.pid)

    def events(self, event: str = "", name: str = "") -> list[Event]:
        """Return the lines of the event log with this event and name. An empty string selects all."""
        lines = (f"{line}   ".split(" ")[:5] for line in complete_lines(self.event_log))
        events = (Event(float(at), int(pid), event, name, attempt) for at, pid, event, name, attempt in lines)
        return [line for line in events if event in ("", line.event) and name in ("", line.name)]

    def wait_for(self, job: Job, *states: str, seconds: float = TIMEOUT_SECONDS) -> Job:
        """Wait until the job is in one of these states. Return the job as it is then."""

        def reached() -> bool:
            job.refresh_from_db()
            return job.state in states

        wait_until(reached, seconds)
        return job


def wait_until(condition: Callable[[], T], seconds: float = TIMEOUT_SECONDS) -> T:
    """Call `condition` until it returns a true value. Return that value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not true after {seconds:.0f} seconds"
        time.sleep(0.05)
    return value


def kill(pid: int, signum: int = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signum)


def freeze(*pids: int, sqlite: Path | None = None) -> None:
    """Stop processes, but not while one of them has locked the SQLite database, which would block all writers.

    The database is the given one, or else the one that the ORM uses.
    """
    if sqlite is None and connection.vendor == "sqlite":
        sqlite = connection.settings_dict["NAME"]
    while True:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        if sqlite is None or _can_write(sqlite):
            return
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _can_write(database: Path) -> bool:
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as writer:
        try:
            writer.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        writer.execute("ROLLBACK")
    return True


def child_processes(pid: int) -> list[processes.Process]:
    return [process for process in processes.all_processes() if process.parent == pid]


def is_running(pid: int) -> bool:
    """Return whether the process exists and is not a zombie."""
    return any(process.pid == pid and process.state != "Z" for process in processes.all_processes())


def _descendants(pid: int) -> list[int]:
    found = []
    for child in child_processes(pid):
        found += [child.pid, *_descendants(child.pid)]
    return found
