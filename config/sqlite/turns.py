"""Turns: how long a query may run before other greenlets of this thread run, and before it is interrupted."""

import time

TURN = 0.01
"""Seconds."""


class Turns:
    """The time limit of one connection's queries. The time in which other greenlets run doesn't count."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began = time.perf_counter()
        self._deadline = 0.0

    def start(self) -> None:
        """Let other greenlets run if a turn is over, then start the time limit of a call."""
        self._yield()
        self._deadline = time.perf_counter() + self._seconds

    def end_or_go_on(self) -> bool:
        """Let other greenlets run if a turn is over. Return whether SQLite should interrupt the query."""
        self._deadline += self._yield()
        return time.perf_counter() > self._deadline

    def _yield(self) -> float:
        """Switch to the event loop when a turn is over. Return how many seconds that took."""
        now = time.perf_counter()
        if now - self._began < TURN:
            return 0.0
        time.sleep(0)  # gevent's, in a web process
        self._began = time.perf_counter()
        return self._began - now
