"""Disk work that may take long, done aside: a web process serves thousands by one thread, which must not wait for it.

Under gevent that is one of its real threads. Elsewhere, as in a worker or a test, it is done here and now.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from gevent import get_hub
from gevent.event import AsyncResult
from gevent.monkey import is_module_patched

T = TypeVar("T")


class Begun(Generic[T]):
    """Something that is being done aside."""

    def __init__(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> None:
        if is_module_patched("socket"):
            self._done: AsyncResult = get_hub().threadpool.spawn(_outcome, function, arguments)
        else:
            self._done = AsyncResult()
            self._done.set(_outcome(function, arguments))

    def is_done(self) -> bool:
        return self._done.ready()

    def result(self) -> T:
        """Waits for it. Raises what it raises."""
        value, error = self._done.get()
        if error:
            raise error
        return value


def begin(function: Callable[..., T], *arguments: Any) -> Begun[T]:
    """Begin to call it."""
    return Begun(function, arguments)


def aside(function: Callable[..., T], *arguments: Any) -> T:
    """Call it, and let others go on meanwhile. Raises what it raises. Not for use in a transaction on SQLite: whoever
    has a turn meanwhile could wait for its lock, and so for ever.
    """
    return begin(function, *arguments).result()


def sync_directory(directory: Path) -> None:
    """Names are on disk when their directory is: a new file could otherwise be gone after a power cut."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _outcome(function: Callable[..., T], arguments: tuple[Any, ...]) -> tuple[T | None, Exception | None]:
    """What it gives, or what it raises: gevent would log each exception of a thread, also those that are expected."""
    try:
        return function(*arguments), None
    except Exception as error:  # noqa: BLE001 (whoever asks for the result gets it)
        return None, error
