"""Django-Q2's database queue, first come first served.

A delivery that no worker has taken up and acknowledged is repeated, as when its cluster was killed. That is harmless:
a job is started by claiming its row, which only one delivery can do.
"""

import threading
from datetime import datetime, timedelta

from django.utils import timezone
from django_q.brokers.orm import ORM

from progress import upkeep

REDELIVER_AFTER = timedelta(seconds=15)


class Broker(ORM):
    _upkeep: threading.Thread | None = None

    @staticmethod
    def get_connection(list_key: str | None = None):
        return ORM.get_connection(list_key).order_by("id")

    def timeout(self, task: object) -> datetime:
        """When the delivery is repeated; Django-Q2's own `retry` is as long as the longest task."""
        return timezone.now() + REDELIVER_AFTER

    def dequeue(self) -> list[tuple[int, str]] | None:
        if self._upkeep is None:
            self._upkeep = upkeep.start()
        return super().dequeue()
