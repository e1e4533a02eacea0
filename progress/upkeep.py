"""What must be done now and then while a cluster is there: say so, and look for jobs that lost their worker.

It runs in a thread of the process that asks the queue for work, because that process waits whenever all workers are
busy, and a busy cluster is not a dead one.
"""

import logging
import os
import socket
import threading
import time

from django.db import DatabaseError, connection

from progress.models import Worker
from progress.recovery import requeue_lost_jobs

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 3.0


def start() -> threading.Thread:
    """Keep up until this process ends."""
    thread = threading.Thread(target=_run, name="upkeep", daemon=True)
    thread.start()
    return thread


def keep_up() -> None:
    """One round of it."""
    Worker.objects.beat(f"{socket.gethostname()}:{os.getpid()}")
    requeue_lost_jobs()


def _run() -> None:
    while True:
        try:
            keep_up()
        except DatabaseError:
            logger.exception("upkeep failed; it is tried again in a few seconds")
        finally:
            connection.close()
        time.sleep(INTERVAL_SECONDS)
