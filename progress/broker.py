"""The queue that Django-Q2 asks for work: first come first served, in the database; `redis_broker.py` has another.

A delivery is a hint that one more job is queued, and leaves the queue when it is taken. Which job a worker starts is
decided by the rows of the jobs (see `JobQuerySet.claim_next`), so deliveries need no order. Jobs that are queued when
no delivery is left are delivered again (see `recovery.py`). So all queues recover alike, and surplus deliveries are
harmless. Anything else that is put into this queue is delivered at most once.
"""

import logging
import time
from typing import Any

from django.db import DatabaseError, InterfaceError, connections
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ

from progress import processes
from progress.upkeep import Upkeep

logger = logging.getLogger(__name__)

CHANNEL = "progress_queue"
"""Where PostgreSQL tells of new deliveries."""

WAKE_SECONDS = 1.0
"""At most so long does a question wait for work; then Django-Q2 looks whether it should stop."""

POLL_SECONDS = 0.05
"""The pause between two questions to a database that can't tell of new deliveries."""

AWAY_SECONDS = 1.0
"""The pause before a queue that can't be reached is asked again."""

TAKE = """
    DELETE FROM {table}
    WHERE id = (SELECT id FROM {table} WHERE key = %s ORDER BY lock, id LIMIT 1 {skip_locked})
    RETURNING id, payload
"""

Deliveries = list[tuple[Any, str]]


class ClusterQueue:
    """What a queue does in the processes of a cluster, wherever its deliveries are kept."""

    away: tuple[type[Exception], ...] = (DatabaseError, InterfaceError)
    """What it raises when it can't be reached."""

    _upkeep: Upkeep | None = None

    def ping(self) -> bool:
        """Asked by the sentinel before it starts the others."""
        processes.die_with_parent()
        processes.end_when_alone()
        return super().ping()  # type: ignore[misc]

    def dequeue(self) -> Deliveries | None:
        """Asked by the pusher, again and again: the oldest delivery, or None when there was none for a while."""
        if self._upkeep is None:
            processes.die_with_parent()
            self._upkeep = Upkeep(self)
            self._upkeep.start()
        try:
            taken = self.take()
        except self.away as error:
            logger.error("the queue can't be reached, and is asked again in a second: %s", error)
            self.reconnect()
            time.sleep(AWAY_SECONDS)
            return None
        for _, payload in taken or ():
            self._upkeep.handed_out(payload)
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


class Broker(ClusterQueue, ORM):
    """The queue in the database. PostgreSQL tells of new deliveries; SQLite is asked.

    Nothing is ever locked here, so Django-Q2's column `lock` is the time at which a delivery was put into the queue.
    """

    _listening: object = None
    _had_some = False

    def enqueue(self, task: str) -> int:
        made = OrmQ.objects.using(Conf.ORM).create(key=self.list_key, payload=task, lock=timezone.now())
        if self._can_listen:
            with self._database.cursor() as cursor:
                cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
        return made.pk

    def take(self) -> Deliveries | None:
        if self._can_listen:
            self._listen()
        # Taking would lock SQLite for a moment even if there is nothing to take, so look first.
        taken = self._take() if self._can_listen or self._had_some or not self.is_empty() else []
        self._had_some = bool(taken)
        if not taken:
            self._wait()
        return taken or None

    def _take(self) -> Deliveries:
        with self._database.cursor() as cursor:
            cursor.execute(self._take_sql, [self.list_key])
            return cursor.fetchall()

    def reconnect(self) -> None:
        self._database.close()

    def is_empty(self) -> bool:
        return not OrmQ.objects.using(Conf.ORM).filter(key=self.list_key).exists()

    def _listen(self) -> None:
        """Before asking for work, so that none can come unnoticed between the question and the wait."""
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
            for _ in self._database.connection.notifies(timeout=WAKE_SECONDS, stop_after=1):
                pass

    @property
    def _can_listen(self) -> bool:
        return self._database.vendor == "postgresql"

    @property
    def _database(self) -> Any:
        return connections[Conf.ORM]

    @property
    def _take_sql(self) -> str:
        skips = self._database.features.has_select_for_update_skip_locked
        return TAKE.format(table=OrmQ._meta.db_table, skip_locked="FOR UPDATE SKIP LOCKED" if skips else "")
