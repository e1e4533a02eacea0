"""Blocking work in threads, so that a gevent process keeps serving its other requests.

Under gevent the work runs in the hub's thread pool. Elsewhere, as in a worker or a test, it runs in the caller's
thread, immediately.
"""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

from gevent import get_hub
from gevent.event import AsyncResult
from gevent.monkey import is_module_patched

T = TypeVar("T")


class ThreadTask(Generic[T]):
    """A call that runs in a worker thread. It starts when the task is made."""

    def __init__(self, function: Callable[..., T], *arguments: Any) -> None:
        if is_module_patched("socket"):
            self._outcome: AsyncResult = get_hub().threadpool.spawn(_call, function, arguments)
        else:
            self._outcome = AsyncResult()
            self._outcome.set(_call(function, arguments))

    def is_done(self) -> bool:
        return bool(self._outcome.ready())

    def result(self) -> T:
        """Wait for the call to end, and return its value or raise its exception."""
        value, error = self._outcome.get()
        if error:
            raise error
        return cast(T, value)


def run_in_thread(function: Callable[..., T], *arguments: Any) -> T:
    """Call the function in a worker thread and wait for it. Return its value or raise its exception.

    Don't use this in a transaction on SQLite: another greenlet could run during the call and wait for the
    transaction's lock, which blocks the whole process forever.
    """
    return ThreadTask(function, *arguments).result()


def _call(function: Callable[..., T], arguments: tuple[Any, ...]) -> tuple[T | None, Exception | None]:
    """Return the function's value or its exception: gevent logs every exception that leaves a thread."""
    try:
        return function(*arguments), None
    except Exception as error:  # noqa: BLE001 (`result` raises it)
        return None, error
