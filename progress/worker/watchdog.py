"""Notices that a cluster is wedged: that it looks alive, and would never do anything again.

Django-Q2's processes share locks, and a process that is killed while it holds one holds it for ever. Two signs show it:
a job that was handed to the workers and that nobody claims, although one of them is idle all the while; and a dead
process that the sentinel doesn't bury. A sign that stays is no coincidence.
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
"""Seconds that a sign must stay."""


class Watchdog:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # One delivery is on its way to each worker, one waits for them, and one waits to be passed on.
        self._handed_out: deque[tuple[UUID, datetime]] = deque(maxlen=int(Conf.WORKERS) + 2)
        self._since: dict[Hashable, float] = {}

    def handed_out(self, payload: str) -> None:
        """Remember that this delivery was taken from the queue just now, if it is one of ours."""
        with suppress(BadSignature):
            package = SignedPackage.loads(payload)
            if package["func"] == "progress.worker.run":
                self._handed_out.append((UUID(package["args"][0]), timezone.now()))

    def is_wedged(self, living: list[Process]) -> bool:
        """Whether some sign has stayed; to be asked every few seconds, with the children of the sentinel."""
        now = self._clock()
        self._since = {sign: self._since.get(sign, now) for sign in self._signs(living)}
        for sign, since in self._since.items():
            if now - since > WEDGED_AFTER:
                logger.critical("this cluster is wedged (%s), and ends itself", sign)
                return True
        return False

    def _signs(self, living: list[Process]) -> Iterator[Hashable]:
        for process in living:
            if process.state == "Z":
                yield "not buried", process.pid
        idle = [process.pid for process in living if process.name == IDLE]
        if not idle:
            return
        for job_id in self._unclaimed():
            for pid in idle:
                yield "not claimed", job_id, pid

    def _unclaimed(self) -> Iterator[UUID]:
        """Jobs that were handed out and wait all the same, unless they were given back and delivered anew since."""
        handed_out = dict(self._handed_out.copy())  # a copy, since the pusher goes on
        waiting = Job.objects.filter(pk__in=handed_out, state=State.QUEUED).values_list("pk", "delivered_at")
        return (job_id for job_id, delivered_at in waiting if delivered_at < handed_out[job_id])
