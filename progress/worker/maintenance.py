"""Maintenance of a cluster: every two seconds, record its heartbeat, recover jobs, and check that it isn't wedged.

It runs in a thread of the pusher, the process that takes deliveries from the queue: while all workers are busy, that
process waits, and the cluster's heartbeat must still be recorded.
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
"""If recording a heartbeat takes longer, other heartbeats may be late for the same reason, so no job is recovered."""


class Maintenance:
    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._watchdog = Watchdog()
        self._unresponsive: set[int] = set()
        self.record_delivery = self._watchdog.record_delivery

    def start(self) -> None:
        """Run in a thread until this process ends."""
        threading.Thread(target=self._run, name="maintenance", daemon=True).start()

    def run_once(self) -> None:
        started_at = time.monotonic()
        Worker.objects.record_heartbeat(processes.cluster_name())
        if time.monotonic() - started_at < BUSY_DATABASE_SECONDS:
            recovery.requeue_lost_jobs()
            recovery.requeue_jobs_of_dead_workers(processes.cluster_name(), processes.living_pids)
            self._kill_unresponsive_workers()
            recovery.redeliver(self._queue)
            if self._watchdog.is_wedged(processes.siblings()):
                processes.end_cluster()

    def _kill_unresponsive_workers(self) -> None:
        """Kill workers that were unresponsive twice in a row, before their jobs are requeued.

        After the first time, a worker may have been unable to reach the database until just now.
        """
        unresponsive = recovery.unresponsive_workers(processes.cluster_name())
        suspects = unresponsive & self._unresponsive
        for pid in suspects & processes.living_pids() if suspects else ():
            logger.error("worker process %d is unresponsive while it runs a job, and is killed", pid)
            processes.kill(pid)
        self._unresponsive = unresponsive

    def _run(self) -> None:
        while True:
            try:
                self.run_once()
            except Exception:  # of any kind: the next round may succeed
                logger.exception("maintenance failed, and runs again in a few seconds")
                connection.close()
            time.sleep(INTERVAL_SECONDS)
