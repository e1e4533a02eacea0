"""Queue in Redis. Sites that don't use it need no Redis client.

Redis takes no part in database transactions, so a job is delivered after its transaction was committed.
"""

import logging
from functools import cache, partial

import redis
from django.db import transaction
from django_q.brokers.redis_broker import Redis
from django_q.conf import Conf

from progress.queue.base import MAX_WAIT_SECONDS, ClusterQueue, Deliveries

logger = logging.getLogger(__name__)


class RedisBroker(ClusterQueue, Redis):  # type: ignore[misc]
    connection_errors = (redis.RedisError,)

    def enqueue(self, task: str) -> None:
        transaction.on_commit(partial(self._push, task))

    def _push(self, task: str) -> None:
        """Deliver a committed job. If Redis is unavailable, log that; the job is delivered later."""
        try:
            self.connection.rpush(self.list_key, task)
        except redis.RedisError as error:
            logger.error("Redis is unavailable, so a job is delivered later: %s", error)

    def take(self) -> Deliveries | None:
        taken = self.connection.blpop([self.list_key], MAX_WAIT_SECONDS)
        return [(None, taken[1])] if taken else None

    def is_empty(self) -> bool:
        return not self.connection.exists(self.list_key)

    @staticmethod
    def get_connection(list_key: str | None = None) -> redis.Redis:
        return _redis(Conf.REDIS)


@cache
def _redis(url: str) -> redis.Redis:
    """Return the connection pool of this process. The client makes new connections after a fork."""
    return redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=5)
