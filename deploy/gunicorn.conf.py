"""gunicorn for Headway, in development and in production: `gunicorn -c deploy/gunicorn.conf.py config.wsgi`.

Gevent workers, because watching a job means many requests that wait. It listens on PORT of this machine, unless the
command line (`--bind`) or systemd gives it a socket.
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

# A web process never forks once it has loaded the site, so it alone may keep a pool of database connections.
os.environ["DATABASE_POOL"] = "true"

# Read before forking: a bad value ends the master, once, instead of every worker for ever.
from config import environment  # noqa: E402
from config.ops import logs  # noqa: E402

if not environment.DEBUG and environment.SECRET_KEY in (environment.EXAMPLE_KEY, environment.DEVELOPMENT_KEY):
    sys.exit("headway: SECRET_KEY is one that everybody knows. Make one of your own; deploy/env.example says how.")


class Worker(GeventWorker):
    """gunicorn's own, but a request that comes in the moment before it stops listening is answered.

    It asks the listener for its name when it begins to read the request: if that has been closed by then, it fails,
    and the client, which is nginx, gets no answer at all.
    """

    def run(self) -> None:
        self._names = {listener: listener.getsockname() for listener in self.sockets}
        super().run()

    def handle(self, listener: Any, client: Any, addr: Any) -> None:
        super().handle(SimpleNamespace(getsockname=lambda: self._names[listener]), client, addr)


bind = [f"127.0.0.1:{environment.PORT}"]
worker_class = Worker
workers = environment.WEB_CONCURRENCY
worker_connections = 4000  # a process: many of them are streams, of which it refuses those that are too many itself
graceful_timeout = 15
logconfig_dict = logs.configuration(as_json=not environment.DEBUG)
control_socket_disable = True  # it would be made in the home directory, which the service's user doesn't have

# Each connection is an open file, and the usual limit is 1024, of many more that are allowed.
_files, _most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
_wanted = 16384 if _most_files == resource.RLIM_INFINITY else min(_most_files, 16384)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(_files, _wanted), _most_files))

# glibc gives each large block back to the kernel at once, which clears it anew for the next one: with uploads, read a
# mebibyte at a time, that takes longer than all the rest. So a process keeps a few. Other C libraries know no mallopt.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
if _mallopt := getattr(ctypes.CDLL(None), "mallopt", None):
    _mallopt(M_MMAP_THRESHOLD, 4 * 1024**2)
    _mallopt(M_TRIM_THRESHOLD, 16 * 1024**2)


def on_starting(server: Any) -> None:
    """Here the processes add up what they count for /metrics. A reload comes not here, and goes on counting."""
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="headway-metrics-")


def pre_fork(server: Any, worker: Any) -> None:
    """Each process has a place of its own to count in; who comes into one that got free goes on with its counts."""
    taken = {other.place for other in server.WORKERS.values()}
    worker.place = next(place for place in itertools.count() if place not in taken)


def post_fork(server: Any, worker: Any) -> None:
    """Before the site is loaded, and with it what is counted."""
    from prometheus_client import values

    values.ValueClass = values.MultiProcessValue(lambda: worker.place)


def child_exit(server: Any, worker: Any) -> None:
    """The streams of a process end with it, however it ends."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.place)


def on_exit(server: Any) -> None:
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)


def pre_request(worker: Any, request: Any) -> None:
    """Announce in the response that the connection ends if reading the body has failed; count the bytes of the body."""
    usual = request.should_close
    request.should_close = lambda: request.body.failed or usual()
    request.received = 0
    read = request.body.reader.read

    def read_and_count(size: int) -> bytes:
        data = read(size)
        request.received += len(data)
        return data

    request.body.reader.read = read_and_count


def post_request(worker: Any, request: Any, meta: dict[str, Any], response: Any) -> None:
    """The last byte has been sent, or nobody wants more of it."""
    from config.http.request_log import is_over

    if response is not None and response.status:
        is_over(meta, response.status_code, sent=response.sent, received=request.received)


def post_worker_init(worker: Any) -> None:
    """When this process is asked to stop, its streams and long polls shall end at once: their clients come back."""
    from progress.live.hub import hub

    def wait() -> None:
        while worker.alive:
            time.sleep(0.1)
        hub.stop()

    threading.Thread(target=wait, name="end of streams", daemon=True).start()
