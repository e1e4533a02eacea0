"""The time limit of queries, during which other greenlets of the thread get time slices."""

import time

TIME_SLICE_SECONDS = 0.01
"""How long a query runs before other greenlets run."""


class QueryTimeout:
    """The time limit of a connection's queries, in seconds. It doesn't include the time slices of other greenlets."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._slice_started_at = time.perf_counter()
        self._deadline = 0.0

    def start(self) -> None:
        """Start the time limit of a call."""
        self._yield_if_due()
        self._deadline = time.perf_counter() + self._seconds

    def has_expired(self) -> bool:
        """Return whether SQLite should interrupt the query. Let other greenlets run first if the time slice is over."""
        self._deadline += self._yield_if_due()
        return time.perf_counter() > self._deadline

    def _yield_if_due(self) -> float:
        """Switch to the event loop if the time slice is over. Return for how many seconds other greenlets ran."""
        now = time.perf_counter()
        if now - self._slice_started_at < TIME_SLICE_SECONDS:
            return 0.0
        time.sleep(0)  # switches greenlets, if gevent has patched it
        self._slice_started_at = time.perf_counter()
        return self._slice_started_at - now
