"""Database connections are few, and not all of them can be trusted for ever."""

from contextlib import suppress

from django.db import DEFAULT_DB_ALIAS, connection, connections


def release_connection() -> None:
    """Give this request's connection back before it reads or writes slowly; the next query gets a new one."""
    if connection.in_atomic_block:  # as it is in tests
        return
    connection.close()
    if connection.connection is None:  # Django keeps a database in memory open, which closing would destroy
        del connections[DEFAULT_DB_ALIAS]  # what is left of it takes more memory than a stream should


def replace_connection() -> None:
    """Use another connection in this thread from now on, whatever state its old one was left in."""
    old = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connections.create_connection(DEFAULT_DB_ALIAS)
    if old.connection is not None:
        with suppress(Exception):
            if old.vendor == "sqlite":
                old.connection.rollback()  # closing is not enough while a traceback knows a cursor
            old.connection.close()
