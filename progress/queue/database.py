"""Queue in the database. PostgreSQL notifies of new deliveries; SQLite is polled."""

import time
from typing import Any

from django.db import connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

from progress.queue import base
from progress.queue.base import ClusterQueue, Deliveries

CHANNEL = "progress_queue"
"""The PostgreSQL channel on which new deliveries are announced."""

POLL_SECONDS = 0.05
"""The pause between two queries of a database without notifications."""

TAKE = """
    DELETE FROM {table}
    WHERE id = (SELECT id FROM {table} WHERE key = %s ORDER BY lock, id LIMIT 1 {skip_locked})
    RETURNING id, payload
"""


class Broker(ClusterQueue, ORM):  # type: ignore[misc]
    """Broker whose column `lock` of Django-Q2 holds the time of the delivery, because deliveries are never locked."""

    _listening: object = None
    _had_deliveries = False

    def enqueue(self, task: str) -> int:
        entry = OrmQ.objects.using(Conf.ORM).create(key=self.list_key, payload=task, lock=timezone.now())
        if self._can_listen:
            with self._database.cursor() as cursor:
                cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
        return int(entry.pk)

    def take(self) -> Deliveries | None:
        if self._can_listen:
            self._listen()
        # A DELETE locks SQLite even if it matches no row, so the queue is read first.
        taken = self._take() if self._can_listen or self._had_deliveries or not self.is_empty() else []
        self._had_deliveries = bool(taken)
        if not taken:
            self._wait()
        return taken or None

    def _take(self) -> Deliveries:
        with self._database.cursor() as cursor:
            cursor.execute(self._take_sql, [self.list_key])
            return list(cursor.fetchall())

    def reconnect(self) -> None:
        self._database.close()

    def is_empty(self) -> bool:
        return not OrmQ.objects.using(Conf.ORM).filter(key=self.list_key).exists()

    def _listen(self) -> None:
        """Listen before the queue is queried, so that no delivery between the query and the wait is missed."""
        self._database.ensure_connection()
        if self._listening is not self._database.connection:
            with self._database.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            self._listening = self._database.connection

    def _wait(self) -> None:
        if not self._can_listen:
            time.sleep(POLL_SECONDS)
            return
        with self._database.wrap_database_errors:
            for _ in self._database.connection.notifies(timeout=base.MAX_WAIT_SECONDS, stop_after=1):
                pass

    @property
    def _can_listen(self) -> bool:
        return bool(self._database.vendor == "postgresql")

    @property
    def _database(self) -> Any:
        return connections[Conf.ORM]

    @property
    def _take_sql(self) -> str:
        skips = self._database.features.has_select_for_update_skip_locked
        return TAKE.format(table=OrmQ._meta.db_table, skip_locked="FOR UPDATE SKIP LOCKED" if skips else "")
