"""Django's SQLite backend, with cooperative scheduling for gevent.

SQLite runs in the calling thread. If that thread runs an event loop, a long query or a wait for the write lock blocks
all other requests of the process. So this backend waits for locks with `time.sleep`, which gevent patches to run other
greenlets. With the option `query_timeout`, which web processes set, other greenlets also run every few milliseconds
during a query, and the query is interrupted after `query_timeout` seconds.

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

PROGRESS_HANDLER_INTERVAL = 500
"""Instructions of SQLite's virtual machine between calls to the progress handler. They take less than 1 ms."""


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
            connection.set_progress_handler(self.query_timeout.has_expired, PROGRESS_HANDLER_INTERVAL)
        return connection

    def create_cursor(self, name: str | None = None) -> "Cursor":
        factory = partial(Cursor, lock_timeout=self.lock_timeout, query_timeout=self.query_timeout)
        return cast("Cursor", self.connection.cursor(factory=factory))


class Cursor(base.SQLiteCursorWrapper):
    """A cursor that waits for locks outside of SQLite, and restarts the query timeout for each execute or fetch."""

    def __init__(self, connection: sqlite3.Connection, lock_timeout: float, query_timeout: QueryTimeout | None) -> None:
        super().__init__(connection)
        self._lock_timeout = lock_timeout
        self._query_timeout = query_timeout

    def execute(self, query: str, params: Any = None) -> Self:
        run = cast("Callable[[], Self]", partial(super().execute, query, params))
        if self.connection.in_transaction:  # BEGIN IMMEDIATE has waited for the lock already
            return self._run_with_timeout(run)
        return wait_for_lock(partial(self._run_with_timeout, run), self._lock_timeout)

    def executemany(self, query: str, param_list: Any) -> Self:
        return self._run_with_timeout(cast("Callable[[], Self]", partial(super().executemany, query, param_list)))

    def fetchone(self) -> Any:
        return self._run_with_timeout(super().fetchone)

    def fetchmany(self, size: int | None = 1) -> list[Any]:
        return self._run_with_timeout(partial(super().fetchmany, size))

    def fetchall(self) -> list[Any]:
        return self._run_with_timeout(super().fetchall)

    def _run_with_timeout(self, function: Callable[[], T]) -> T:
        if self._query_timeout:
            self._query_timeout.start()
        return function()


def wait_for_lock(function: Callable[[], T], timeout: float) -> T:
    """Call the function again until the database isn't locked. Return its result.

    Raise sqlite3.OperationalError (SQLITE_BUSY) if the database is still locked after `timeout` seconds.
    """
    deadline, pause = time.monotonic() + timeout, MIN_PAUSE_SECONDS
    while True:
        try:
            return function()
        except sqlite3.OperationalError as error:
            if not is_busy(error) or time.monotonic() >= deadline:
                raise
        time.sleep(pause)
        pause = min(2 * pause, MAX_PAUSE_SECONDS)


def is_busy(error: sqlite3.Error) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY  # extended codes, such as SQLITE_BUSY_SNAPSHOT, have the same low byte
