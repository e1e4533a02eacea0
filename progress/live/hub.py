"""One hub a process asks the database once a tick what has changed, for all who watch something.

What can be watched is the business of its Source, which asks, and knows what it has told. So what watching costs the
database grows neither with the number of watchers nor with what each of them watches: a tick is one question for each
kind of thing that somebody watches. While nobody watches, nothing is asked. A thorough tick also checks, by two queries
for all watchers, whether they are still logged in.

It works with threads and with greenlets alike. A watcher holds no database connection.
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
"""So often a tick looks further: for what came too late for the ticks before."""

AWAY_SECONDS = 1.0
"""The pause after a question that failed."""


class TooManyWatchers(Exception):
    """The process has reached its limit of watchers."""


class TooManyUserWatchers(TooManyWatchers):
    """The user has reached their limit of watchers in this process."""


class Source(ABC, Generic[Key, Change]):
    """What can be watched, each by a key. A hub has one of each kind while somebody watches something of it."""

    def __init__(self) -> None:
        self.watching: dict[Key, set[Watcher[Key, Change]]] = {}

    @abstractmethod
    def changes(self, thorough: bool) -> Iterable[tuple[Key, Change]]:
        """What is watched and has news. Changes become visible in another order than they were made in, so each tick
        looks at some of them again, and a thorough one at more. Raises DatabaseError.
        """

    def merge(self, older: Change, newer: Change) -> Change:
        """What is told to somebody who hasn't heard of the older one yet."""
        return newer

    def mark_reported(self, key: Key, news: Change) -> None:
        """All who watch it have been told. Called with the hub's lock held, like what follows."""

    def discard(self, key: Key) -> None:
        """Nobody watches it any more."""


class Watcher(Generic[Key, Change]):
    """Somebody who waits for changes. Use it as a context manager, or close it."""

    def __init__(self, hub: "Hub", kind: type[Source[Key, Change]], keys: Iterable[Key], login: Login) -> None:
        self.kind = kind
        self.keys = frozenset(keys)
        self.login = login
        self.login_ended = False
        self._hub = hub
        self._news: dict[Key, Change] = {}
        self._woken = threading.Event()

    def wait(self, seconds: float) -> dict[Key, Change]:
        """What has changed since the last call, the newest of each.

        Empty when nothing has changed for that long, when the login has ended, or when the process is about to stop.
        """
        if seconds > 0 and not (self._hub.stopping or self.login_ended):
            self._woken.wait(seconds)
        with self._hub.lock:
            self._woken.clear()
            news, self._news = self._news, {}
        return news

    def notify(self, source: Source[Key, Change], key: Key, news: Change) -> None:
        """Called with the hub's lock held."""
        self._news[key] = source.merge(self._news[key], news) if key in self._news else news
        self._woken.set()

    def wake(self) -> None:
        self._woken.set()

    def end_login(self) -> None:
        """Let whoever waits notice that the user is not logged in any more."""
        self.login_ended = True
        self._woken.set()

    def close(self) -> None:
        self._hub.remove(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Hub:
    """Who watches what, and the thread that asks for them all."""

    def __init__(self) -> None:
        self.stopping = False
        self.lock = threading.Lock()
        self._watchers: set[Watcher[Any, Any]] = set()
        self._per_user: Counter[Any] = Counter()
        self._sources: dict[type[Source[Any, Any]], Source[Any, Any]] = {}  # those of which something is watched
        self._thread: threading.Thread | None = None
        self._thorough_at = 0.0

    def watch(self, kind: type[Source[Key, Change]], keys: Iterable[Key], login: Login) -> Watcher[Key, Change]:
        """Start watching these keys. Read their current state afterwards, so that no change is missed.

        Raises TooManyWatchers or TooManyUserWatchers.
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
        """This process is about to end: nobody shall wait any longer."""
        self.stopping = True
        for watcher in list(self._watchers):
            watcher.wake()

    def tick(self) -> None:
        """Ask what has changed, and tell those who watch it. Raises DatabaseError."""
        thorough = time.monotonic() - self._thorough_at > THOROUGH_SECONDS
        if thorough:
            self._thorough_at = time.monotonic()
            self._check_logins()
        for source in list(self._sources.values()):
            for key, news in source.changes(thorough):
                self._notify(source, key, news)
                time.sleep(0)  # let those who were told get on with it, and the pages in between

    def _check_logins(self) -> None:
        watchers = list(self._watchers)
        logins = {watcher.login for watcher in watchers}
        ended = logins - still_valid(logins)
        for watcher in watchers:
            if watcher.login in ended:
                watcher.end_login()

    def _notify(self, source: Source[Key, Change], key: Key, news: Change) -> None:
        with self.lock:
            watchers = source.watching.get(key, ())
            for watcher in watchers:
                watcher.notify(source, key, news)
            if watchers:
                source.mark_reported(key, news)

    def _run(self) -> None:
        due = time.monotonic()
        while self._goes_on():
            due = max(due + TICK_SECONDS, time.monotonic())
            try:
                self.tick()
            except Exception:  # whatever it is, the next tick may do better
                logger.exception("what is watched could not be asked for; it is asked for again in a second")
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
