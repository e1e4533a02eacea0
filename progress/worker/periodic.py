"""A thread that calls back every so often, and is kept from job to job: to start one takes longer than many a job.

A worker has one for the pulse of its job and one for the guard, because the pulse may be held up by the database.
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

PATIENCE = 30.0
"""Seconds; a call that waits for a database comes back by itself before that."""


class Ticker:
    def __init__(self, name: str, seconds: float) -> None:
        self._name = name
        self._seconds = seconds
        self._call: Callable[[], None] | None = None
        self._calling = threading.Lock()
        self._wakings: SimpleQueue[None] = SimpleQueue()  # takes no lock that an interrupted task could leave locked
        self._asleep = True
        self._pid = 0

    def start(self, call: Callable[[], None]) -> None:
        """Call this from now on."""
        self._call = partial(copy_context().run, call)  # what it logs belongs to the same job
        if self._pid != os.getpid():  # the first time in this process: threads don't survive a fork
            self._pid = os.getpid()
            threading.Thread(target=self._run, name=self._name, daemon=True).start()
        if self._asleep:
            self.wake()

    def stop(self, *, wait: bool = True) -> None:
        """Call it no more; waits for the call that is under way, unless that takes for ever."""
        self._call = None
        if not wait:
            return
        if not self._calling.acquire(timeout=PATIENCE):
            logger.error("%s hangs, so this process ends", self._name)
            processes.end_process()
        self._calling.release()

    def wake(self) -> None:
        """Call it now."""
        self._wakings.put(None)

    def _run(self) -> None:
        while True:
            self._pause()
            with self._calling:
                try:
                    if call := self._call:
                        call()
                except Exception:  # whatever it is, the next call may do better
                    logger.exception("%s failed; it is tried again", self._name)
                    connections.close_all()

    def _pause(self) -> None:
        """Until it is time, or somebody wakes us; asleep, and without a connection, while there is nothing to call."""
        self._asleep = True  # said before looking, so that whoever has something to call then wakes us
        self._asleep = self._call is None
        if self._asleep:
            connections.close_all()
        try:
            self._wakings.get(timeout=None if self._asleep else self._seconds)
            while True:
                self._wakings.get_nowait()
        except Empty:
            pass
