"""What must be done every few seconds while a cluster is there: say so, find lost jobs, and see that it isn't wedged.

It runs in a thread of the process that asks the queue for work, because that process waits whenever all workers are
busy, and a busy cluster is not a dead one.
"""

import logging
import threading
import time

from django.db import connection

from progress.models import Worker
from progress.worker import processes, recovery
from progress.worker.recovery import Queue
from progress.worker.watchdog import Watchdog

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 2.0

BUSY_DATABASE_SECONDS = 1.0
"""When a beat takes longer than this, other hearts couldn't beat either, and are not to be judged now."""


class Upkeep:
    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._watchdog = Watchdog()
        self._silent: set[int] = set()
        self.handed_out = self._watchdog.handed_out

    def start(self) -> None:
        """Keep up until this process ends."""
        threading.Thread(target=self._run, name="upkeep", daemon=True).start()

    def keep_up(self) -> None:
        """One round of it."""
        asked_at = time.monotonic()
        Worker.objects.beat(processes.cluster_name())
        if time.monotonic() - asked_at < BUSY_DATABASE_SECONDS:
            recovery.requeue_lost_jobs()
            recovery.requeue_jobs_of_dead_workers(processes.cluster_name(), processes.living)
            self._kill_silent_workers()
            recovery.redeliver(self._queue)
            if self._watchdog.is_wedged(processes.siblings()):
                processes.end_cluster()

    def _kill_silent_workers(self) -> None:
        """Before others may take their jobs; but not at the first sight, in case that they could not beat till now."""
        silent = recovery.silent_workers(processes.cluster_name())
        suspects = silent & self._silent
        for pid in suspects & processes.living() if suspects else ():
            logger.error("the worker process %d is silent in the middle of its job, and is killed", pid)
            processes.kill(pid)
        self._silent = silent

    def _run(self) -> None:
        while True:
            try:
                self.keep_up()
            except Exception:  # whatever it is, the next round may do better
                logger.exception("upkeep failed; it is tried again in a few seconds")
                connection.close()
            time.sleep(INTERVAL_SECONDS)
