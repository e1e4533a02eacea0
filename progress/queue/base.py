"""Base of the queues that deliver jobs to a Django-Q2 cluster.

A delivery is a hint that one more job is queued. It is removed from the queue when it is taken. The rows of the jobs
decide which job starts (see `JobQuerySet.claim_next`), so deliveries need no order. Jobs that are still queued when the
queue is empty are delivered again (see `worker/recovery.py`), and surplus deliveries do nothing. Other packages of
Django-Q2 are delivered at most once.
"""

import logging
import time
from typing import Any

from django.db import DatabaseError, InterfaceError

from progress.worker import processes
from progress.worker.maintenance import Maintenance

logger = logging.getLogger(__name__)

MAX_WAIT_SECONDS = 1.0
"""Maximum wait for a delivery. After it, Django-Q2 checks whether the cluster should stop."""

RETRY_SECONDS = 1.0
"""Pause before the next attempt when the queue is unavailable."""

Deliveries = list[tuple[Any, str]]


class ClusterQueue:
    """Mixin for a broker of Django-Q2. It starts the maintenance of the cluster and survives an unavailable queue."""

    connection_errors: tuple[type[Exception], ...] = (DatabaseError, InterfaceError)

    _maintenance: Maintenance | None = None

    def ping(self) -> bool:
        """Prepare the sentinel, which calls this before it starts the other processes."""
        processes.die_with_parent()
        processes.end_when_childless()
        return bool(super().ping())  # type: ignore[misc]

    def dequeue(self) -> Deliveries | None:
        """Take the oldest deliveries. Return None after a while without any. Called by the pusher in a loop."""
        if self._maintenance is None:
            processes.die_with_parent()
            self._maintenance = Maintenance(self)
            self._maintenance.start()
        try:
            taken = self.take()
        except self.connection_errors as error:
            logger.error("the queue is unavailable, and is tried again in a second: %s", error)
            self.reconnect()
            time.sleep(RETRY_SECONDS)
            return None
        for _, payload in taken or ():
            self._maintenance.record_delivery(payload)
        return taken

    def acknowledge(self, task_id: object) -> None:
        """Do nothing: a delivery leaves the queue when it is taken."""

    def take(self) -> Deliveries | None:
        raise NotImplementedError

    def reconnect(self) -> None:
        """Drop the connection, which may be broken, so that the next call opens a new connection."""

    def is_empty(self) -> bool:
        """Return whether the queue has no delivery. Raise one of `connection_errors`."""
        raise NotImplementedError
