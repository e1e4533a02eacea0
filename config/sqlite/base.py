"""Django's SQLite backend, made cooperative.

SQLite runs in the thread of the caller: where that thread is an event loop, a long query or a wait for the write lock
would stop every other request of the process. So here a wait for a lock is a sleep in Python, which gevent turns into
a switch to another greenlet, and with the option `query_timeout`, which the web processes set, a query lets others run
every few milliseconds and is interrupted when it has run for that many seconds.

A greenlet may be suspended in the middle of a query, which is safe because each has a connection of its own.
"""

import sqlite3
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Self, TypeVar, cast

from django.db.backends.sqlite3 import base

from config.sqlite.turns import Turns

T = TypeVar("T")

FIRST_PAUSE, LONGEST_PAUSE = 0.001, 0.05
"""Seconds between two attempts to get a lock."""

OPCODES = 500
"""Instructions of SQLite's virtual machine between two calls of the progress handler: a fraction of a millisecond."""


class DatabaseWrapper(base.DatabaseWrapper):
    """`OPTIONS["timeout"]` limits the wait for a lock, as in Django; `OPTIONS["query_timeout"]` limits a query."""

    lock_timeout = 5.0
    turns: Turns | None = None

    def get_connection_params(self) -> dict[str, Any]:
        params = super().get_connection_params()
        self.lock_timeout = params.pop("timeout", self.lock_timeout)
        query_timeout = params.pop("query_timeout", None)
        self.turns = Turns(query_timeout) if query_timeout else None
        return {**params, "timeout": 0}

    def get_new_connection(self, conn_params: dict[str, Any]) -> sqlite3.Connection:
        connection = wait_for_lock(partial(super().get_new_connection, conn_params), self.lock_timeout)
        if self.turns:
            connection.set_progress_handler(self.turns.end_or_go_on, OPCODES)
        return connection

    def create_cursor(self, name: str | None = None) -> "Cursor":
        return self.connection.cursor(factory=partial(Cursor, lock_timeout=self.lock_timeout, turns=self.turns))


class Cursor(base.SQLiteCursorWrapper):
    """A cursor that waits for locks outside of SQLite, and starts the time limit of each call anew."""

    def __init__(self, connection: sqlite3.Connection, lock_timeout: float, turns: Turns | None) -> None:
        super().__init__(connection)
        self._lock_timeout = lock_timeout
        self._turns = turns

    def execute(self, query: str, params: Any = None) -> Self:
        run = cast("Callable[[], Self]", partial(super().execute, query, params))
        if self.connection.in_transaction:  # it holds the lock already, and what has failed in it must not be repeated
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
        if self._turns:
            self._turns.start()
        return call()


def wait_for_lock(call: Callable[[], T], seconds: float) -> T:
    """Repeat the call until the database isn't locked. Return its result.

    Raises sqlite3.OperationalError (SQLITE_BUSY) when the database is still locked after so many seconds.
    """
    give_up, pause = time.monotonic() + seconds, FIRST_PAUSE
    while True:
        try:
            return call()
        except sqlite3.OperationalError as error:
            if not is_locked(error) or time.monotonic() >= give_up:
                raise
        time.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE)


def is_locked(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
