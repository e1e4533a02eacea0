"""Database errors that a user can be told about: no space left, a query that was stopped, a lock that was not released,
a row that was deleted meanwhile.

Each database reports these in its own way: SQLite by a result code, PostgreSQL by an SQLSTATE.
"""

import shutil
import sqlite3
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from psycopg_pool import PoolTimeout

DISK_FULL = {sqlite3.SQLITE_FULL, "53100"}
STOPPED = {sqlite3.SQLITE_INTERRUPT, "57014"}
LOCKED = {sqlite3.SQLITE_BUSY, "55P03", "40P01"}
"""Also a deadlock, which PostgreSQL resolves by failing one of the transactions."""

FOREIGN_KEY = {sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, "23503"}

UNUSABLE = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
"""What SQLite reports when it can't create the files beside its database, for whatever reason."""

NO_SPACE_BYTES = 64 * 1024

TOO_SLOW = "This took too long, so it was stopped. Try again later; a search for longer words takes less time."
BUSY = "The database is busy with another change. Nothing was saved. Try again in a minute."


def status_of(error: DatabaseError) -> tuple[int, str] | None:
    """Return the HTTP status and message for a database error. Return None for an error that is a bug."""
    cause = error.__cause__
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorcode", 0)
    if code in FOREIGN_KEY or _is_not_updated(error):
        return 409, ""
    if isinstance(code, int):
        code &= 0xFF  # an extended result code of SQLite's is one of these and its reason
    if code in DISK_FULL or (code in UNUSABLE and shutil.disk_usage(directory()).free < NO_SPACE_BYTES):
        return 507, ""
    if code in STOPPED:
        return 503, TOO_SLOW
    if code in LOCKED or isinstance(cause, PoolTimeout):
        return 503, BUSY
    return None


def _is_not_updated(error: DatabaseError) -> bool:
    """Return whether Django has found no row to save. It has no class for this error before version 6.0."""
    return "did not affect any rows" in str(error)


def directory() -> Path:
    """Return the directory of SQLite's file, or STATE_DIR if the database is another or in memory."""
    name = Path(connection.settings_dict["NAME"])
    return name.parent if connection.vendor == "sqlite" and name.is_file() else settings.STATE_DIR
