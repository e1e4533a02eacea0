"""Threads of a worker process that call a function at intervals.

They are kept between jobs, because starting a thread takes longer than many a job. A worker has one for the heartbeat
and one for the limits of its job, because the database can block the heartbeat.
"""

import logging
import os
import threading
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from queue import Empty, SimpleQueue

from django.db import connections

from progress.worker import processes

logger = logging.getLogger(__name__)

STOP_TIMEOUT = 30.0
"""Seconds. Calls that wait for a database end sooner, because of the database's own timeouts."""


class PeriodicThread:
    """Daemon thread that calls one function every `interval` seconds while there is one to call."""

    def __init__(self, name: str, interval: float) -> None:
        self._name = name
        self._interval = interval
        self._function: Callable[[], None] | None = None
        self._calling = threading.Lock()
        self._wake_ups: SimpleQueue[None] = SimpleQueue()  # has no lock that an interrupted task could leave locked
        self._is_idle = True
        self._pid = 0

    def start(self, function: Callable[[], None]) -> None:
        """Start calling this function, with the current log context."""
        self._function = partial(copy_context().run, function)
        if self._pid != os.getpid():  # threads don't survive a fork, so each process starts its own
            self._pid = os.getpid()
            threading.Thread(target=self._run, name=self._name, daemon=True).start()
        if self._is_idle:
            self.wake()

    def stop(self, *, wait: bool = True) -> None:
        """Stop calling the function.

        With `wait`, return after the call in progress has ended; if it doesn't within STOP_TIMEOUT, end the process.
        """
        self._function = None
        if not wait:
            return
        if not self._calling.acquire(timeout=STOP_TIMEOUT):
            logger.error("thread %r hangs, so this process ends", self._name)
            processes.end_process()
        self._calling.release()

    def wake(self) -> None:
        """Call the function now instead of at the end of the interval."""
        self._wake_ups.put(None)

    def _run(self) -> None:
        while True:
            self._pause()
            with self._calling:
                try:
                    if function := self._function:
                        function()
                except Exception:  # of any kind: the next call may succeed
                    logger.exception("thread %r failed, and tries again", self._name)
                    connections.close_all()

    def _pause(self) -> None:
        """Wait for the interval or a wake-up. While there is no function, wait without a database connection."""
        self._is_idle = True  # set before `_function` is read, so that a concurrent `start` wakes this thread
        self._is_idle = self._function is None
        if self._is_idle:
            connections.close_all()
        try:
            self._wake_ups.get(timeout=None if self._is_idle else self._interval)
            while True:
                self._wake_ups.get_nowait()
        except Empty:
            pass
