"""One hub a process asks the database once a tick which jobs have changed, for all who watch some.

So what watching costs the database grows neither with the number of watchers nor with the number of their jobs: a tick
is one question, and a second one for the rows of those that did change. While nobody watches, nothing is asked.

It works with threads and with greenlets alike. A watcher holds no database connection.
"""

import logging
import threading
import time
from collections.abc import Iterable
from datetime import timedelta
from types import TracebackType
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import connection

from progress.models import Job

logger = logging.getLogger(__name__)

TICK_SECONDS = 0.1

LOOKING_BACK = timedelta(seconds=1)
"""Changes become visible in another order than they were made in, so each tick looks at some of them again."""

THOROUGH_SECONDS = 3.0
"""So often all that is watched is looked at: jobs that were deleted, and changes that came too late for the ticks."""

AT_ONCE = 10_000
"""How many ids a question may have; SQLite takes 32,766."""

AWAY_SECONDS = 1.0
"""The pause after a question that failed."""

MOST_WATCHERS = 2500
"""Of one process, unless the setting PROGRESS_MAX_WATCHERS says otherwise."""


class Full(Exception):
    """This process has as many watchers as it may have."""


class Snapshot:
    """A job as it was at some version, and what was made of it, so that it is made once for all who watch."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.made: dict[str, bytes] = {}


class Watcher:
    """Somebody who waits for changes of some jobs. Use it as a context manager, or close it."""

    def __init__(self, hub: "Hub", ids: Iterable[UUID]) -> None:
        self.ids = frozenset(ids)
        self._hub = hub
        self._news: dict[UUID, Snapshot | None] = {}
        self._woken = threading.Event()

    def wait(self, seconds: float) -> dict[UUID, Snapshot | None]:
        """What has changed since the last call, the newest of each; None for a job that is no more.

        Empty when that long nothing has changed, or when the process is about to stop.
        """
        if seconds > 0 and not self._hub.stopping:
            self._woken.wait(seconds)
        with self._hub.lock:
            self._woken.clear()
            news, self._news = self._news, {}
        return news

    def tell(self, job_id: UUID, snapshot: Snapshot | None) -> None:
        """Called with the hub's lock held."""
        self._news[job_id] = snapshot
        self._woken.set()

    def wake(self) -> None:
        self._woken.set()

    def close(self) -> None:
        self._hub.forget(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Hub:
    """Who watches which jobs, and the thread that asks for them all."""

    def __init__(self) -> None:
        self.stopping = False
        self.lock = threading.Lock()
        self._watchers: set[Watcher] = set()
        self._watching: dict[UUID, set[Watcher]] = {}
        self._versions: dict[UUID, int] = {}  # the newest that the watchers of each job have been told
        self._thread: threading.Thread | None = None
        self._thorough_at = 0.0

    def watch(self, ids: Iterable[UUID]) -> Watcher:
        """Begin to watch these jobs. Read them after that, and nothing is missed. Raises Full."""
        watcher = Watcher(self, ids)
        with self.lock:
            if len(self._watchers) >= getattr(settings, "PROGRESS_MAX_WATCHERS", MOST_WATCHERS):
                raise Full
            self._watchers.add(watcher)
            for job_id in watcher.ids:
                self._watching.setdefault(job_id, set()).add(watcher)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="hub", daemon=True)
                self._thread.start()
        return watcher

    def forget(self, watcher: Watcher) -> None:
        with self.lock:
            self._watchers.discard(watcher)
            for job_id in watcher.ids:
                others = self._watching.get(job_id, set())
                others.discard(watcher)
                if not others:
                    self._watching.pop(job_id, None)
                    self._versions.pop(job_id, None)

    def stop(self) -> None:
        """This process is about to end: nobody shall wait any longer."""
        self.stopping = True
        for watcher in list(self._watchers):
            watcher.wake()

    def tick(self) -> None:
        """Ask what has changed, and tell those who watch it. Raises DatabaseError."""
        if time.monotonic() - self._thorough_at > THOROUGH_SECONDS:
            self._thorough_at = time.monotonic()
            versions = self._all_versions()
        else:
            versions = dict(Job.objects.changed_within(LOOKING_BACK).values_list("pk", "version"))
        newer = [job_id for job_id, version in versions.items() if self._is_news(job_id, version)]
        for job in Job.objects.filter(pk__in=newer).defer("arguments", "task") if newer else ():
            self._tell(job.pk, Snapshot(job))
            time.sleep(0)  # let those who were told get on with it, and the pages in between

    def _all_versions(self) -> dict[UUID, int]:
        """Those of all jobs that are watched; whoever watches one that is no more is told."""
        versions: dict[UUID, int] = {}
        watched = list(self._watching)
        for first in range(0, len(watched), AT_ONCE):
            some = watched[first : first + AT_ONCE]
            versions |= Job.objects.filter(pk__in=some).values_list("pk", "version")
        for job_id in watched:
            if job_id not in versions:
                self._tell(job_id, None)
        return versions

    def _is_news(self, job_id: UUID, version: int) -> bool:
        return job_id in self._watching and version > self._versions.get(job_id, -1)

    def _tell(self, job_id: UUID, snapshot: Snapshot | None) -> None:
        with self.lock:
            for watcher in self._watching.get(job_id, ()):
                watcher.tell(job_id, snapshot)
                if snapshot:
                    self._versions[job_id] = snapshot.job.version

    def _run(self) -> None:
        due = time.monotonic()
        while self._goes_on():
            due = max(due + TICK_SECONDS, time.monotonic())
            try:
                self.tick()
            except Exception:  # whatever it is, the next tick may do better
                logger.exception("watched jobs could not be asked for; they are asked for again in a second")
                connection.close()
                due += AWAY_SECONDS
            time.sleep(max(0.0, due - time.monotonic()))

    def _goes_on(self) -> bool:
        """The thread ends with the last watcher, and gives back its connection."""
        with self.lock:
            if self._watchers:
                return True
            self._thread = None
        connection.close()
        return False


hub = Hub()
"""The one of this process."""
