"""Password hashing outside of the event loop (PASSWORD_HASHERS).

A hash takes a third of a second of CPU time, during which a gevent process would serve no other request. So hashes are
computed in worker threads, few at a time, which leaves CPU time for the event loop. Without gevent, as in management
commands, the hasher is the same as Django's.
"""

import os

from django.contrib.auth import hashers
from django.db import connection
from gevent.lock import BoundedSemaphore
from gevent.monkey import is_module_patched

from config import environment
from config.http.errors import ServerBusy
from progress.connections import release_connection
from uploads.threads import run_in_thread

MAX_WAIT_SECONDS = 10
_slots = BoundedSemaphore(max(1, (os.cpu_count() or 1) // environment.WEB_CONCURRENCY))


class ThreadedPBKDF2PasswordHasher(hashers.PBKDF2PasswordHasher):
    """Django's default hasher, which computes the same hashes."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Raise ServerBusy if too many passwords are waiting to be hashed."""
        if not is_module_patched("threading") or _holds_write_lock():
            return super().encode(password, salt, iterations)
        release_connection()  # more requests may wait here than there are connections
        if not _slots.acquire(timeout=MAX_WAIT_SECONDS):
            raise ServerBusy("Too many people are logging in. Try again in a minute.")
        try:
            return run_in_thread(super().encode, password, salt, iterations)
        finally:
            _slots.release()


def _holds_write_lock() -> bool:
    """Return whether this request may hold SQLite's write lock, as when the admin adds a user: others wait for it."""
    return connection.in_atomic_block and connection.vendor == "sqlite"
