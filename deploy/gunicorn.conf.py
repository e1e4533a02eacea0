"""gunicorn for Headway, in development and in production: `gunicorn -c deploy/gunicorn.conf.py config.wsgi`.

Gevent workers, because watching a job means many requests that wait. It listens on PORT of this machine, unless the
command line (`--bind`) or systemd gives it a socket.
"""

import ctypes
import os
import resource
import sys
import threading
import time
from pathlib import Path
from typing import Any

chdir = str(Path(__file__).resolve().parent.parent)
sys.path.insert(0, chdir)

# A web process never forks once it has loaded the site, so it alone may keep a pool of database connections.
os.environ["DATABASE_POOL"] = "true"

# Read before forking: a bad value ends the master, once, instead of every worker for ever.
from config import environment  # noqa: E402

if not environment.DEBUG and environment.SECRET_KEY in (environment.EXAMPLE_KEY, environment.DEVELOPMENT_KEY):
    sys.exit("headway: SECRET_KEY is one that everybody knows. Make one of your own; deploy/env.example says how.")

bind = [f"127.0.0.1:{environment.PORT}"]
worker_class = "gevent"
workers = environment.WEB_CONCURRENCY
worker_connections = 4000  # a process: many of them are streams, of which it refuses those that are too many itself
graceful_timeout = 15
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


def post_worker_init(worker: Any) -> None:
    """When this process is asked to stop, its streams and long polls shall end at once: their clients come back."""
    from progress.hub import hub

    def wait() -> None:
        while worker.alive:
            time.sleep(0.1)
        hub.stop()

    threading.Thread(target=wait, name="end of streams", daemon=True).start()
