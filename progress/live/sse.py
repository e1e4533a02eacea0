"""Streams of server-sent events, as the HTML standard's section 9.2 has them, whatever they tell of.

A stream says something at once, then at each change, and a comment when nothing has changed for long. It closes after
ten minutes, so that no client stays with an old server for ever, and immediately when its process is about to stop; the
client comes back. It also closes within a few seconds after its user has logged out. It holds no database connection.
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
"""The longest pause between two writes. A client that receives nothing for much longer polls instead."""

MAX_STREAM_SECONDS = 600.0

RETRY_AFTER_SECONDS = 5
"""When to try again after a refusal."""

COMMENT = b": still here\n\n"


class EventStream(ABC, Generic[Key, Change]):
    """The bytes of one stream. Its `close` is called at the end, even if nobody ever began to read.

    `answered` is called when the first of them is asked for: the request has been answered then. Django keeps it to
    the end, with the session, the user and more, which is as much memory as the rest of a stream needs.
    """

    def __init__(self, watcher: Watcher[Key, Change]) -> None:
        self.answered: Callable[[], None] = lambda: None
        self._watcher = watcher
        self._events = self._all()

    @abstractmethod
    def initial(self) -> bytes:
        """What is said at once."""

    @abstractmethod
    def encode(self, changes: dict[Key, Change]) -> bytes:
        """What is said of that; it may be nothing."""

    def final(self) -> bytes:
        """What is said when there is nothing to wait for any more; nothing while there is."""
        return b""

    def __iter__(self) -> Iterator[bytes]:
        return self._events

    def close(self) -> None:
        self._watcher.close()
        self._events.close()

    def _all(self) -> Generator[bytes, None, None]:
        self.answered()
        spoke_at = time.monotonic()
        deadline = spoke_at + MAX_STREAM_SECONDS
        yield self.initial()
        while not (end := self.final()):
            now = time.monotonic()
            if now >= deadline or hub.stopping or self._watcher.login_ended:
                return
            quiet = spoke_at + KEEPALIVE_SECONDS - now
            told = COMMENT if quiet <= 0 else self.encode(self._watcher.wait(min(quiet, deadline - now)))
            if told:
                spoke_at = time.monotonic()
                yield told
        yield end


def stream_response(
    request: HttpRequest,
    kind: type[Source[Key, Change]],
    keys: Iterable[Key],
    begin: Callable[[Watcher[Key, Change]], EventStream[Key, Change]],
) -> HttpResponseBase:
    """Watch these keys and return the stream of their events.

    Return 429 if the user has too many streams open, and 503 if this process has, both with Retry-After.
    """
    try:
        watcher = hub.watch(kind, keys, Login.of(request))
    except TooManyUserWatchers:
        return _refuse(429, "You have too many streams open. Close some, or poll instead.")
    except TooManyWatchers:
        return _refuse(503, "Too many streams are open on this server. Poll instead, and try again a little later.")
    try:
        events = begin(watcher)
    except BaseException:
        watcher.close()
        raise
    release_connection()
    events.answered = vars(request).clear
    headers = {"X-Accel-Buffering": "no"}  # nginx would keep the events until it has a buffer full of them
    return StreamingHttpResponse(events, content_type="text/event-stream", headers=headers)


def _refuse(status: int, text: str) -> HttpResponse:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return HttpResponse(text, status=status, content_type="text/plain", headers=headers)
