"""A real cluster under a real supervisor, with a database of its own that the test looks into with the ORM."""

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

from progress.models import Job
from progress.worker import processes
from tests.helpers import complete_lines
from tests.paths import ROOT

T = TypeVar("T")

START_SECONDS = 40.0
WITHIN_SECONDS = 20.0
"""What is promised: after any death a job is running again, or has failed for good."""

PATIENCE_SECONDS = 60.0
"""For whatever is not promised by a time, on a machine on which several clusters are killed at once."""


class Entry(NamedTuple):
    at: float
    pid: int
    event: str
    name: str
    attempt: str


class Cluster:
    """`deploy/dev_worker.py`, which restarts `manage.py qcluster` whenever that ends."""

    def __init__(self, directory: Path, database_url: str, **settings: str) -> None:
        self.directory = directory
        self.diary = directory / "diary"
        self.diary.touch()
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
        self.supervisor.wait(PATIENCE_SECONDS)

    def kill_all(self) -> None:
        """As when the power fails."""
        for pid in (self.supervisor.pid, *self._tree(self.supervisor.pid)):
            kill(pid)
        self.supervisor.wait(PATIENCE_SECONDS)

    @property
    def parent(self) -> int:
        return _children(self.supervisor.pid)[0].pid

    @property
    def sentinel(self) -> int:
        return _children(self.parent)[0].pid

    def children(self, name: str = "") -> list[processes.Process]:
        """The sentinel's children that are called so; none while there is no sentinel."""
        try:
            return [child for child in _children(self.sentinel) if name in child.name and child.state != "Z"]
        except IndexError:
            return []

    def busy(self) -> int:
        """The process id of a worker that is busy; waits for one."""
        return wait_until(lambda: self.children(processes.BUSY))[0].pid

    def idle(self) -> list[int]:
        return [child.pid for child in self.children(processes.IDLE)]

    def everyone(self) -> list[int]:
        """All processes of the cluster, but not its supervisor."""
        return self._tree(self.supervisor.pid)

    def entries(self, event: str = "", name: str = "") -> list[Entry]:
        lines = (f"{line}   ".split(" ")[:5] for line in complete_lines(self.diary))
        entries = (Entry(float(at), int(pid), event, name, attempt) for at, pid, event, name, attempt in lines)
        return [entry for entry in entries if event in ("", entry.event) and name in ("", entry.name)]

    def wait_for(self, job: Job, *states: str, seconds: float = PATIENCE_SECONDS) -> Job:
        """The job, once it is in one of these states."""

        def reached() -> bool:
            job.refresh_from_db()
            return job.state in states

        wait_until(reached, seconds)
        return job

    def _tree(self, root: int) -> list[int]:
        found = []
        for child in _children(root):
            found += [child.pid, *self._tree(child.pid)]
        return found


def wait_until(true: Callable[[], T], seconds: float = PATIENCE_SECONDS) -> T:
    """What it answers, once that is true."""
    deadline = time.monotonic() + seconds
    while not (answer := true()):
        assert time.monotonic() < deadline, f"not true after {seconds:.0f} seconds"
        time.sleep(0.05)
    return answer


def kill(pid: int, signum: int = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signum)


def freeze(*pids: int, sqlite: Path | None = None) -> None:
    """They stand still; but not with SQLite's lock in their hands, without which nobody else could write. The database
    is this one, or else that of the test.
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


def _children(pid: int) -> list[processes.Process]:
    return [child for child in processes.everybody() if child.parent == pid]
