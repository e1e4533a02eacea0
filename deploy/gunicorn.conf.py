"""Configuration of gunicorn in development and in production: `gunicorn -c deploy/gunicorn.conf.py config.wsgi`.

Its workers use gevent, because streams and long polls are many requests that wait. It listens on PORT of the loopback
interface, unless the command line (`--bind`) or systemd provides a socket.
"""

import ctypes
import itertools
import os
import resource
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from gunicorn.workers.ggevent import GeventWorker

chdir = str(Path(__file__).resolve().parent.parent)
sys.path.insert(0, chdir)

# Web processes don't fork after they have loaded the site, so only they can use a pool of database connections.
os.environ["DATABASE_POOL"] = "true"

# Imported before forking, so that an invalid value stops the master once, instead of every worker again and again.
from config import environment  # noqa: E402
from config.ops import logs  # noqa: E402

if not environment.DEBUG and environment.SECRET_KEY in (environment.EXAMPLE_KEY, environment.DEVELOPMENT_KEY):
    sys.exit("headway: SECRET_KEY is an example that everybody knows. Generate your own; deploy/env.example shows how.")


class Worker(GeventWorker):
    """gunicorn's gevent worker, changed to respond to a request that it accepts just before it stops listening.

    GeventWorker calls getsockname() on the listener when it starts to read a request. If the listener has been closed
    by then, that fails, and nginx receives no response. This class remembers the names instead.
    """

    def run(self) -> None:
        self._names = {listener: listener.getsockname() for listener in self.sockets}
        super().run()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        super().handle(SimpleNamespace(getsockname=lambda: self._names[listener]), client, addr)


bind = [f"127.0.0.1:{environment.PORT}"]
worker_class = Worker
workers = environment.WEB_CONCURRENCY
worker_connections = 4000  # per process; most of them are streams, which have a lower limit of their own
graceful_timeout = 15
logconfig_dict = logs.configuration(as_json=not environment.DEBUG)
control_socket_disable = True  # it would be created in the home directory, which the services' user doesn't have

# Each connection is an open file. The soft limit is usually 1024, so raise it towards the hard limit.
_soft_limit, _hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
_wanted = 16384 if _hard_limit == resource.RLIM_INFINITY else min(_hard_limit, 16384)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(_soft_limit, _wanted), _hard_limit))

# glibc returns each large block to the kernel immediately, and the kernel clears the next one. With uploads, which are
# read in blocks of one mebibyte, that takes longer than everything else, so make glibc keep a few blocks. Other C
# libraries have no mallopt.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
if _mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
    _mallopt(M_MMAP_THRESHOLD, 4 * 1024**2)
    _mallopt(M_TRIM_THRESHOLD, 16 * 1024**2)


def on_starting(server: Any) -> None:
    """Create the directory through which processes share metrics. A reload keeps it: gunicorn calls this once."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="headway-metrics-")


def pre_fork(server: Any, worker: Any) -> None:
    """Assign the lowest free metrics slot to the process. It continues the counts of the slot's previous process."""
    used = {other.metrics_slot for other in server.WORKERS.values()}
    worker.metrics_slot = next(slot for slot in itertools.count() if slot not in used)


def post_fork(server: Any, worker: Any) -> None:
    """Make prometheus_client use the process's slot. The site, which is imported next, creates the metrics."""
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: worker.metrics_slot)


def child_exit(server: Any, worker: Any) -> None:
    """Reset the gauge of open streams of a process that has ended."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.metrics_slot)


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def pre_request(worker: Any, request: Any) -> None:
    """Count the bytes of the body, and send `Connection: close` in the response if reading the body has failed."""
    should_close = request.should_close
    request.should_close = lambda: request.body.failed or should_close()
    request.received = 0
    read = request.body.reader.read

    def read_and_count(size: int) -> bytes:
        data = read(size)
        request.received += len(data)
        return data

    request.body.reader.read = read_and_count


def post_request(worker: Any, request: Any, meta: dict[str, Any], response: Any) -> None:
    """Log and count the request, once its response has been sent or the client has disconnected."""
    from config.http.request_log import log_request

    if response is not None and response.status:
        log_request(meta, response.status_code, sent=response.sent, received=request.received)


def post_worker_init(worker: Any) -> None:
    """End streams and long polls as soon as this process is to stop. Their clients reconnect to another process."""
    from progress.live.hub import hub

    def wait() -> None:
        while worker.alive:
            time.sleep(0.1)
        hub.stop()

    threading.Thread(target=wait, name="end-streams", daemon=True).start()
