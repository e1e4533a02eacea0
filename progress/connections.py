"""Database connections are few, and not all of them can be trusted for ever."""

from django.db import DEFAULT_DB_ALIAS, connection, connections


def release_connection() -> None:
    """Give this request's connection back before it reads or writes slowly; the next query gets a new one."""
    if not connection.in_atomic_block:  # as it is in tests
        connection.close()
        del connections[DEFAULT_DB_ALIAS]  # what is left of it takes more memory than a stream should


def new_connection() -> None:
    """Leave this thread's connection as it is, whatever that may be, and use another from now on."""
    connections[DEFAULT_DB_ALIAS] = connections.create_connection(DEFAULT_DB_ALIAS)
