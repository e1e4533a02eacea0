"""Hub of a web process: queries the database for changes at each tick, and notifies all watchers.

A Source queries one kind of rows for all of their watchers together. So the database load depends neither on the number
of watchers nor on how much each of them watches: a tick makes one query for each source in use, and none without
watchers. A thorough tick also checks, by two queries for all watchers, whether their logins are still valid.

It works with threads and with greenlets. A watcher holds no database connection.
"""

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from django.conf import settings
from django.db import connection

from progress.live.logins import Login, still_valid

logger = logging.getLogger(__name__)

Key = TypeVar("Key", bound=Hashable)
Change = TypeVar("Change")

TICK_SECONDS = 0.1

THOROUGH_SECONDS = 3.0
"""Interval of thorough ticks, which also find changes that became visible late."""

AWAY_SECONDS = 1.0
"""Pause after a failed query."""


class TooManyWatchers(Exception):
    """The process has reached its limit of watchers."""


class TooManyUserWatchers(TooManyWatchers):
    """The user has reached their limit of watchers in this process."""


class Source(ABC, Generic[Key, Change]):
    """Kind of rows that can be watched, each by a key. A hub has an instance while it has watchers of that kind."""

    def __init__(self) -> None:
        self.watching: dict[Key, set[Watcher[Key, Change]]] = {}

    @abstractmethod
    def changes(self, thorough: bool) -> Iterable[tuple[Key, Change]]:
        """Query the keys that are watched and have changed. Raise DatabaseError.

        Transactions become visible in a different order than their changes were made in. So each tick must also query
        changes of the recent past again, and a thorough tick those of a longer period.
        """

    def merge(self, older: Change, newer: Change) -> Change:
        """Return the change for a watcher that has not received the older change yet."""
        return newer

    def mark_reported(self, key: Key, change: Change) -> None:
        """Record that all watchers of the key were notified. Called with the hub's lock held."""

    def discard(self, key: Key) -> None:
        """Drop the state of a key that no longer has watchers. Called with the hub's lock held."""


class Watcher(Generic[Key, Change]):
    """Watcher of some keys. Use it as a context manager, or close it."""

    def __init__(self, hub: "Hub", kind: type[Source[Key, Change]], keys: Iterable[Key], login: Login) -> None:
        self.kind = kind
        self.keys = frozenset(keys)
        self.login = login
        self.login_ended = False
        self._hub = hub
        self._changes: dict[Key, Change] = {}
        self._woken = threading.Event()

    def wait(self, seconds: float) -> dict[Key, Change]:
        """Wait for changes, and return those since the last call by key.

        Return none when the time is over, the login has ended, or the process is about to stop.
        """
        if seconds > 0 and not (self._hub.stopping or self.login_ended):
            self._woken.wait(seconds)
        with self._hub.lock:
            self._woken.clear()
            changes, self._changes = self._changes, {}
        return changes

    def notify(self, source: Source[Key, Change], key: Key, change: Change) -> None:
        """Add a change and wake the watcher. Called with the hub's lock held."""
        self._changes[key] = source.merge(self._changes[key], change) if key in self._changes else change
        self._woken.set()

    def wake(self) -> None:
        self._woken.set()

    def end_login(self) -> None:
        """Wake the watcher because its user has logged out."""
        self.login_ended = True
        self._woken.set()

    def close(self) -> None:
        self._hub.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Hub:
    """Watchers of this process, and the thread that queries the database for them."""

    def __init__(self) -> None:
        self.stopping = False
        self.lock = threading.Lock()
        self._watchers: set[Watcher[Any, Any]] = set()
        self._per_user: Counter[Any] = Counter()
        self._sources: dict[type[Source[Any, Any]], Source[Any, Any]] = {}  # sources with watchers
        self._thread: threading.Thread | None = None
        self._thorough_at = 0.0

    def watch(self, kind: type[Source[Key, Change]], keys: Iterable[Key], login: Login) -> Watcher[Key, Change]:
        """Start watching these keys. Read their current state afterwards, so that no change is missed.

        Raise TooManyWatchers or TooManyUserWatchers.
        """
        watcher = Watcher(self, kind, keys, login)
        with self.lock:
            if len(self._watchers) >= settings.PROGRESS_MAX_WATCHERS:
                raise TooManyWatchers
            if self._per_user[login.user_id] >= settings.PROGRESS_MAX_WATCHERS_PER_USER:
                raise TooManyUserWatchers
            self._watchers.add(watcher)
            self._per_user[login.user_id] += 1
            if kind not in self._sources:
                self._sources[kind] = kind()
            for key in watcher.keys:
                self._sources[kind].watching.setdefault(key, set()).add(watcher)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="hub", daemon=True)
                self._thread.start()
        return watcher

    def remove(self, watcher: Watcher[Key, Change]) -> None:
        with self.lock:
            if watcher not in self._watchers:
                return
            self._watchers.remove(watcher)
            self._per_user[watcher.login.user_id] -= 1
            if not self._per_user[watcher.login.user_id]:
                del self._per_user[watcher.login.user_id]
            source = self._sources[watcher.kind]
            for key in watcher.keys:
                others = source.watching[key]
                others.discard(watcher)
                if not others:
                    del source.watching[key]
                    source.discard(key)
            if not source.watching:
                del self._sources[watcher.kind]

    def stop(self) -> None:
        """Wake all watchers because this process is about to stop."""
        self.stopping = True
        for watcher in list(self._watchers):
            watcher.wake()

    def tick(self) -> None:
        """Query for changes, and notify their watchers. Raise DatabaseError."""
        thorough = time.monotonic() - self._thorough_at > THOROUGH_SECONDS
        if thorough:
            self._thorough_at = time.monotonic()
            self._check_logins()
        for source in list(self._sources.values()):
            for key, change in source.changes(thorough):
                self._notify(source, key, change)
                time.sleep(0)  # let other threads and greenlets run

    def _check_logins(self) -> None:
        watchers = list(self._watchers)
        logins = {watcher.login for watcher in watchers}
        ended = logins - still_valid(logins)
        for watcher in watchers:
            if watcher.login in ended:
                watcher.end_login()

    def _notify(self, source: Source[Key, Change], key: Key, change: Change) -> None:
        with self.lock:
            watchers = source.watching.get(key, ())
            for watcher in watchers:
                watcher.notify(source, key, change)
            if watchers:
                source.mark_reported(key, change)

    def _run(self) -> None:
        due = time.monotonic()
        while self._has_watchers():
            due = max(due + TICK_SECONDS, time.monotonic())
            try:
                self.tick()
            except Exception:  # of any kind: the next tick may succeed
                logger.exception("the query for changes failed, and is repeated in a second")
                connection.close()
                due += AWAY_SECONDS
            time.sleep(max(0.0, due - time.monotonic()))

    def _has_watchers(self) -> bool:
        """Return whether the thread must go on. If not, close its connection."""
        with self.lock:
            if self._watchers:
                return True
            self._thread = None
        connection.close()
        return False


hub = Hub()
"""The hub of this process."""
