"""gunicorn for Headway, in development and in production: `gunicorn -c deploy/gunicorn.conf.py config.wsgi`.

Gevent workers, because watching a job means many requests that wait; see PORT in the environment for where it
listens, unless the command line or systemd gives it a socket.
"""

import os
import sys
from pathlib import Path

chdir = str(Path(__file__).resolve().parent.parent)
sys.path.insert(0, chdir)

bind = [f"127.0.0.1:{os.environ.get('PORT', '8000')}"]
worker_class = "gevent"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
graceful_timeout = 15
control_socket_disable = True  # it would be made in the home directory, which the service's user doesn't have


def on_starting(server) -> None:
    """Read the environment before forking: a bad value ends the master, once, instead of every worker for ever."""
    import config.environment  # noqa: F401
