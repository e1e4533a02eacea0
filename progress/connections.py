"""Database connections: release one before a long wait, or replace one whose state is unknown."""

from contextlib import suppress

from django.db import DEFAULT_DB_ALIAS, connection, connections


def release_connection() -> None:
    """Release this request's connection, before it waits or sends slowly. The next query opens a new connection."""
    if connection.in_atomic_block:  # as in tests
        return
    connection.close()
    if connection.connection is None:  # None unless it is an in-memory database, which Django keeps open
        del connections[DEFAULT_DB_ALIAS]  # the closed wrapper would take memory as long as the stream lasts


def replace_connection() -> None:
    """Replace this thread's connection, and close the old connection if that is possible."""
    old = connections[DEFAULT_DB_ALIAS]
    connections[DEFAULT_DB_ALIAS] = connections.create_connection(DEFAULT_DB_ALIAS)
    if old.connection is not None:
        with suppress(Exception):
            if old.vendor == "sqlite":
                old.connection.rollback()  # closing doesn't unlock it while a traceback refers to a cursor
            old.connection.close()
