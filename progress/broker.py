"""Django-Q2's database queue, first come first served; on the side, the upkeep that needs somebody to be there.

Django-Q2 asks its broker for work a few times a second from one process of the cluster. While that goes on, the
cluster is alive: so this is where a worker reports, and where lost jobs are looked for.
"""

import logging
import os
import socket
import time

from django.db import DatabaseError
from django_q.brokers.orm import ORM

from progress.models import Worker
from progress.recovery import requeue_lost_jobs

logger = logging.getLogger(__name__)

UPKEEP_SECONDS = 3.0


class Broker(ORM):
    _upkept_at = float("-inf")

    @staticmethod
    def get_connection(list_key: str | None = None):
        return ORM.get_connection(list_key).order_by("id")

    def dequeue(self) -> list[tuple[int, str]] | None:
        if time.monotonic() - self._upkept_at >= UPKEEP_SECONDS:
            self._upkept_at = time.monotonic()
            self._keep_up()
        return super().dequeue()

    def _keep_up(self) -> None:
        try:
            Worker.objects.beat(f"{socket.gethostname()}:{os.getpid()}")
            Worker.objects.forget_the_gone()
            requeue_lost_jobs()
        except DatabaseError:
            logger.exception("upkeep of the queue failed; it is tried again in a few seconds")
