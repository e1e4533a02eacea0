"""Disk work that may take long, done aside: a web process serves thousands by one thread, which must not wait for it.

Under gevent that is one of its real threads. Elsewhere, as in a worker or a test, it is done here and now.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from gevent import get_hub
from gevent.event import AsyncResult
from gevent.monkey import is_module_patched

T = TypeVar("T")


def aside(function: Callable[..., T], *arguments: Any) -> T:
    """Call it, and let others go on meanwhile. Raises what it raises."""
    return begin(function, *arguments).get()


def begin(function: Callable[..., T], *arguments: Any) -> AsyncResult:
    """Begin to call it; the result is there when it is `ready()`, or by a `get()` that waits for it."""
    if is_module_patched("socket"):
        return get_hub().threadpool.spawn(function, *arguments)
    done: AsyncResult = AsyncResult()
    try:
        done.set(function(*arguments))
    except Exception as error:  # noqa: BLE001 (whoever asks for the result gets it)
        done.set_exception(error)
    return done


def sync_directory(directory: Path) -> None:
    """Names are on disk when their directory is: a new file could otherwise be gone after a power cut."""
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
