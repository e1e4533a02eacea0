"""Password hashing outside of the event loop (PASSWORD_HASHERS).

A hash takes a third of a second of CPU time, during which a gevent process would serve nobody else. So it is computed
in a real thread, and few of them at the same time, which leaves CPU time for the event loop. Without gevent, as in
management commands, nothing differs from Django's own hasher.
"""

import os

from django.contrib.auth import hashers
from django.db import connection
from gevent.lock import BoundedSemaphore
from gevent.monkey import is_module_patched

from config import environment
from config.http.errors import Busy
from progress.connections import release_connection
from uploads.threads import aside

MAX_WAIT_SECONDS = 10
_slots = BoundedSemaphore(max(1, (os.cpu_count() or 1) // environment.WEB_CONCURRENCY))


class ThreadedPBKDF2PasswordHasher(hashers.PBKDF2PasswordHasher):
    """Django's default hasher: it makes and verifies the same hashes."""

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        """Raises Busy if too many passwords are waiting to be hashed."""
        if not is_module_patched("threading") or _holds_the_lock():
            return super().encode(password, salt, iterations)
        release_connection()  # of which there are fewer than requests that may wait here
        if not _slots.acquire(timeout=MAX_WAIT_SECONDS):
            raise Busy("Too many people are logging in. Try again in a minute.")
        try:
            return aside(super().encode, password, salt, iterations)
        finally:
            _slots.release()


def _holds_the_lock() -> bool:
    """Return whether other requests of this process could wait for this one's lock, as when the admin adds a user."""
    return connection.in_atomic_block and connection.vendor == "sqlite"
