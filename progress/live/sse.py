"""Streams of server-sent events (section 9.2 of the HTML standard), independent of their content.

A stream sends initial events, then an event for each change, and a comment after some seconds without changes. It
closes after ten minutes, so that no client stays with an old server forever, and immediately when its process is about
to stop; the client then reconnects. It also closes within a few seconds after its user has logged out. It holds no
database connection.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Generic

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

from progress.connections import release_connection
from progress.live.hub import Change, Key, Source, TooManyUserWatchers, TooManyWatchers, Watcher, hub
from progress.live.logins import Login

KEEPALIVE_SECONDS = 5.0
"""Maximum time between two writes. A client that receives nothing for much longer polls instead."""

MAX_STREAM_SECONDS = 600.0

RETRY_AFTER_SECONDS = 5
"""Value of Retry-After when there are too many streams."""

KEEP_ALIVE = b": keep-alive\n\n"


class EventStream(ABC, Generic[Key, Change]):
    """Content of one stream. The server calls `close` at its end, even if it was never iterated.

    `on_start` is called when the iteration begins. It clears the request, which Django otherwise keeps with its session
    and user until the stream closes, and which takes as much memory as the rest of a stream.
    """

    def __init__(self, watcher: Watcher[Key, Change]) -> None:
        self.on_start: Callable[[], None] = lambda: None
        self._watcher = watcher
        self._events = self._all()

    @abstractmethod
    def initial(self) -> bytes:
        """Return the events that are sent first."""

    @abstractmethod
    def encode(self, changes: dict[Key, Change]) -> bytes:
        """Return the events of these changes, or b"" for none."""

    def final(self) -> bytes:
        """Return the last event when no more changes can follow, or b"" until then."""
        return b""

    def __iter__(self) -> Iterator[bytes]:
        return self._events

    def close(self) -> None:
        self._watcher.close()
        self._events.close()

    def _all(self) -> Generator[bytes, None, None]:
        self.on_start()
        written_at = time.monotonic()
        deadline = written_at + MAX_STREAM_SECONDS
        yield self.initial()
        while not (end := self.final()):
            now = time.monotonic()
            if now >= deadline or hub.stopping or self._watcher.login_ended:
                return
            wait = written_at + KEEPALIVE_SECONDS - now
            events = KEEP_ALIVE if wait <= 0 else self.encode(self._watcher.wait(min(wait, deadline - now)))
            if events:
                written_at = time.monotonic()
                yield events
        yield end


def stream_response(
    request: HttpRequest,
    kind: type[Source[Key, Change]],
    keys: Iterable[Key],
    begin: Callable[[Watcher[Key, Change]], EventStream[Key, Change]],
) -> HttpResponseBase:
    """Watch these keys and return the stream of their events.

    `begin` creates the stream after the watcher was registered, so that no change is missed. Return 429 if the user has
    too many open streams, and 503 if this process has, both with Retry-After.
    """
    try:
        watcher = hub.watch(kind, keys, Login.of(request))
    except TooManyUserWatchers:
        return _too_many(429, "You have too many streams open. Close some, or poll instead.")
    except TooManyWatchers:
        return _too_many(503, "Too many streams are open on this server. Poll instead, and try again a little later.")
    try:
        events = begin(watcher)
    except BaseException:
        watcher.close()
        raise
    release_connection()
    events.on_start = vars(request).clear
    headers = {"X-Accel-Buffering": "no"}  # nginx would delay events until its buffer is full
    return StreamingHttpResponse(events, content_type="text/event-stream", headers=headers)


def _too_many(status: int, text: str) -> HttpResponse:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return HttpResponse(text, status=status, content_type="text/plain", headers=headers)
