"""Database errors that are not bugs: full disk, statement timeout, lock timeout or deadlock, no free connection, and
rows deleted concurrently.

SQLite identifies them by result codes, PostgreSQL by SQLSTATE codes.
"""

import shutil
import sqlite3
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from psycopg_pool import PoolTimeout

DISK_FULL = {sqlite3.SQLITE_FULL, "53100"}
INTERRUPTED = {sqlite3.SQLITE_INTERRUPT, "57014"}
LOCKED = {sqlite3.SQLITE_BUSY, "55P03", "40P01"}
"""Lock timeouts, and deadlocks, which PostgreSQL resolves by aborting one of the transactions."""

FOREIGN_KEY = {sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, "23503"}

CANNOT_WRITE = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
"""SQLite can't create or write its files, for example because the disk is full."""

FULL_DISK_BYTES = 64 * 1024
"""A disk with less free space than this is considered full."""

QUERY_TOO_SLOW = (
    "The database query took too long and was cancelled. Try again later. If you searched, use longer words."
)
DATABASE_LOCKED = "The database is busy with another change. Nothing was saved. Try again in a minute."
NO_CONNECTION = "No database connection became available in time. Nothing was saved. Try again in a minute."


def status_of(error: DatabaseError) -> tuple[int, str] | None:
    """Return the HTTP status and detail for a database error, or None if it is a bug."""
    cause = error.__cause__
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorcode", 0)
    if code in FOREIGN_KEY or _updated_no_row(error):
        return 409, ""
    if isinstance(code, int):
        code &= 0xFF  # the low byte of an extended result code is the primary result code
    if code in DISK_FULL or (code in CANNOT_WRITE and shutil.disk_usage(directory()).free < FULL_DISK_BYTES):
        return 507, ""
    if code in INTERRUPTED:
        return 503, QUERY_TOO_SLOW
    if code in LOCKED:
        return 503, DATABASE_LOCKED
    if isinstance(cause, PoolTimeout):
        return 503, NO_CONNECTION
    return None


def _updated_no_row(error: DatabaseError) -> bool:
    """Return whether save() updated no row. Django has no class for this error before 6.0 (Model.NotUpdated)."""
    return "did not affect any rows" in str(error)


def directory() -> Path:
    """Return the directory of the SQLite database file, or STATE_DIR for PostgreSQL or an in-memory database."""
    name = Path(connection.settings_dict["NAME"])
    return name.parent if connection.vendor == "sqlite" and name.is_file() else settings.STATE_DIR
