"""Queue of a Django-Q2 cluster, wherever its deliveries are stored.

A delivery is a hint that one more job is queued, and leaves the queue when a worker takes it. Which job the worker
starts is decided by the rows of the jobs (see `JobQuerySet.claim_next`), so deliveries need no order. Jobs that are
queued when no delivery is left are delivered again (see `worker/recovery.py`). So all queues recover alike, and surplus
deliveries are harmless. Any other package that is put into this queue is delivered at most once.
"""

import logging
import time
from typing import Any

from django.db import DatabaseError, InterfaceError

from progress.worker import processes
from progress.worker.maintenance import Maintenance

logger = logging.getLogger(__name__)

WAKE_SECONDS = 1.0
"""The longest wait for a delivery; after it Django-Q2 checks whether the cluster should stop."""

AWAY_SECONDS = 1.0
"""The pause before the next attempt to reach a queue that is unavailable."""

Deliveries = list[tuple[Any, str]]


class ClusterQueue:
    """What a queue does in the processes of a cluster, wherever its deliveries are kept."""

    away: tuple[type[Exception], ...] = (DatabaseError, InterfaceError)
    """What it raises when it can't be reached."""

    _maintenance: Maintenance | None = None

    def ping(self) -> bool:
        """Asked by the sentinel before it starts the others."""
        processes.die_with_parent()
        processes.end_when_childless()
        return super().ping()  # type: ignore[misc]

    def dequeue(self) -> Deliveries | None:
        """Asked by the pusher, again and again: the oldest delivery, or None when there was none for a while."""
        if self._maintenance is None:
            processes.die_with_parent()
            self._maintenance = Maintenance(self)
            self._maintenance.start()
        try:
            taken = self.take()
        except self.away as error:
            logger.error("the queue can't be reached, and is asked again in a second: %s", error)
            self.reconnect()
            time.sleep(AWAY_SECONDS)
            return None
        for _, payload in taken or ():
            self._maintenance.record_delivery(payload)
        return taken

    def acknowledge(self, task_id: object) -> None:
        """Nothing to do: what was taken has left the queue."""

    def take(self) -> Deliveries | None:
        raise NotImplementedError

    def reconnect(self) -> None:
        """The connection may be broken: get a new one next time."""

    def is_empty(self) -> bool:
        """Return whether the queue has no delivery. Raises one of `away`."""
        raise NotImplementedError
