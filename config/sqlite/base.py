"""Django's SQLite backend, with cooperative scheduling for gevent.

SQLite runs in the thread of its caller. If that thread is an event loop, a long query or a wait for the write lock
blocks all other requests of the process. So this backend waits for locks by `time.sleep`, during which gevent runs
other greenlets. With the option `query_timeout`, which web processes set, a query also lets other greenlets run every
few milliseconds, and is interrupted when it has run for this many seconds.

It is safe to suspend a greenlet during a query, because each greenlet has a connection of its own.
"""

import sqlite3
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Self, TypeVar, cast

from django.db.backends.sqlite3 import base

from config.sqlite.query_timeout import QueryTimeout

T = TypeVar("T")

MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.001, 0.05
"""Time between two attempts to acquire a lock."""

INSTRUCTIONS = 500
"""Instructions of SQLite's virtual machine between two calls of the progress handler: a fraction of a millisecond."""


class DatabaseWrapper(base.DatabaseWrapper):
    """`OPTIONS["timeout"]` limits the wait for a lock, as in Django; `OPTIONS["query_timeout"]` limits a query."""

    lock_timeout = 5.0
    query_timeout: QueryTimeout | None = None

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        self.lock_timeout = params.pop("timeout", self.lock_timeout)
        seconds = params.pop("query_timeout", None)
        self.query_timeout = QueryTimeout(seconds) if seconds else None
        return {**params, "timeout": 0}

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        connect = cast("Callable[[], sqlite3.Connection]", partial(super().get_new_connection, conn_params))
        connection = wait_for_lock(connect, self.lock_timeout)
        if self.query_timeout:
            connection.set_progress_handler(self.query_timeout.has_expired, INSTRUCTIONS)
        return connection

    def create_cursor(self, name: str | None = None) -> "Cursor":
        create = partial(Cursor, lock_timeout=self.lock_timeout, query_timeout=self.query_timeout)
        return cast("Cursor", self.connection.cursor(factory=create))


class Cursor(base.SQLiteCursorWrapper):
    """A cursor that waits for locks outside of SQLite, and restarts the time limit with each call."""

    def __init__(self, connection: sqlite3.Connection, lock_timeout: float, query_timeout: QueryTimeout | None) -> None:
        super().__init__(connection)
        self._lock_timeout = lock_timeout
        self._query_timeout = query_timeout

    def execute(self, query: str, params: Any = None) -> Self:
        run = cast("Callable[[], Self]", partial(super().execute, query, params))
        if self.connection.in_transaction:  # it already has the lock, and a failed statement must not be repeated
            return self._limited(run)
        return wait_for_lock(partial(self._limited, run), self._lock_timeout)

    def executemany(self, query: str, param_list: Any) -> Self:
        return self._limited(cast("Callable[[], Self]", partial(super().executemany, query, param_list)))

    def fetchone(self) -> Any:
        return self._limited(super().fetchone)

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        return self._limited(partial(super().fetchmany, size))

    def fetchall(self) -> list[Any]:
        return self._limited(super().fetchall)

    def _limited(self, call: Callable[[], T]) -> T:
        if self._query_timeout:
            self._query_timeout.start()
        return call()


def wait_for_lock(call: Callable[[], T], seconds: float) -> T:
    """Repeat the call until the database isn't locked. Return its result.

    Raise sqlite3.OperationalError (SQLITE_BUSY) if the database is still locked after this many seconds.
    """
    deadline, pause = time.monotonic() + seconds, MIN_PAUSE_SECONDS
    while True:
        try:
            return call()
        except sqlite3.OperationalError as error:
            if not is_locked(error) or time.monotonic() >= deadline:
                raise
        time.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE_SECONDS)


def is_locked(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
