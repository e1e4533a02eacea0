"""Database connections are few, and a request that waits for its client needs none."""

from django.db import connection


def release_connection() -> None:
    """Give this request's connection back before it reads or writes slowly; the next query gets a new one."""
    if not connection.in_atomic_block:  # as it is in tests
        connection.close()
