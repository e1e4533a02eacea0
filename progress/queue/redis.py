"""The queue in Redis, by the same rules as `queue/database.py`'s; who doesn't use it needs no Redis client.

Redis knows no transactions of ours, so a delivery is made when the job has been committed.
"""

import logging
from functools import cache, partial

import redis
from django.db import transaction
from django_q.brokers.redis_broker import Redis
from django_q.conf import Conf

from progress.queue.base import WAKE_SECONDS, ClusterQueue, Deliveries

logger = logging.getLogger(__name__)


class RedisBroker(ClusterQueue, Redis):
    away = (redis.RedisError,)

    def enqueue(self, task: str) -> None:
        transaction.on_commit(partial(self._push, task))

    def _push(self, task: str) -> None:
        """The job is committed: that Redis is away doesn't concern who asked for it. It is delivered later."""
        try:
            self.connection.rpush(self.list_key, task)
        except redis.RedisError as error:
            logger.error("Redis can't be reached, so a job is delivered a little later: %s", error)

    def take(self) -> Deliveries | None:
        taken = self.connection.blpop([self.list_key], WAKE_SECONDS)
        return [(None, taken[1])] if taken else None

    def is_empty(self) -> bool:
        return not self.connection.exists(self.list_key)

    @staticmethod
    def get_connection(list_key: str | None = None) -> redis.Redis:
        return _redis(Conf.REDIS)


@cache
def _redis(url: str) -> redis.Redis:
    """One pool of connections a process; it notices a fork."""
    return redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)
