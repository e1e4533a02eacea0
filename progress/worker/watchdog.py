"""Watchdog that detects a wedged cluster: one whose processes exist but will never run another job.

Django-Q2's processes share locks, and a process that is killed while it holds one never releases it. There are two
symptoms: a job that was delivered to the workers stays queued although one of them is idle, and a dead process is
not replaced by the sentinel. A cluster is wedged when a symptom lasts.
"""

import logging
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.utils import timezone
from django_q.conf import Conf
from django_q.signing import BadSignature, SignedPackage

from progress.models import Job, State
from progress.worker.processes import IDLE, Process

logger = logging.getLogger(__name__)

WEDGED_AFTER = 5.0
"""Seconds that a symptom must last."""


class Watchdog:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # Each worker may be receiving a delivery, one more waits in their queue, and the pusher may hold another.
        self._deliveries: deque[tuple[UUID, datetime]] = deque(maxlen=int(Conf.WORKERS) + 2)
        self._since: dict[Hashable, float] = {}

    def record_delivery(self, payload: str) -> None:
        """Remember that this package was just taken from the queue, if it delivers a job."""
        with suppress(BadSignature):
            package = SignedPackage.loads(payload)
            if package["func"] == "progress.worker.run":
                self._deliveries.append((UUID(package["args"][0]), timezone.now()))

    def is_wedged(self, children: list[Process]) -> bool:
        """Return whether a symptom has lasted. Call it every few seconds with the children of the sentinel."""
        now = self._clock()
        self._since = {symptom: self._since.get(symptom, now) for symptom in self._symptoms(children)}
        for symptom, since in self._since.items():
            if now - since > WEDGED_AFTER:
                logger.critical("this cluster is wedged (%s), and ends itself", symptom)
                return True
        return False

    def _symptoms(self, children: list[Process]) -> Iterator[Hashable]:
        for process in children:
            if process.state == "Z":
                yield "not replaced", process.pid
        idle = [process.pid for process in children if process.name == IDLE]
        if not idle:
            return
        for job_id in self._unclaimed():
            for pid in idle:
                yield "not claimed", job_id, pid

    def _unclaimed(self) -> Iterator[UUID]:
        """Yield the jobs that are still queued although their latest delivery was taken from the queue."""
        taken_at = dict(self._deliveries.copy())  # a copy, because the pusher appends to it concurrently
        queued = Job.objects.filter(pk__in=taken_at, state=State.QUEUED).values_list("pk", "delivered_at")
        return (job_id for job_id, delivered_at in queued if delivered_at < taken_at[job_id])
