"""The site on gunicorn with two processes, as in production but without nginx. PostgreSQL logs its queries."""

import http.client
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from progress.worker import processes
from tests.bench.databases import Databases
from tests.faults.cluster import wait_until
from tests.paths import ROOT
from tests.ports import free_port

PROCESSES = 2
START_SECONDS = 60
STOP_SECONDS = 30
PAUSE_SECONDS = 0.05

QUERY = re.compile(rb" LOG:  (?:execute|statement)")


class Site:
    """A running site."""

    def __init__(self, process: subprocess.Popen, port: int, database_log: Path) -> None:
        self.process = process
        self.port = port
        self.database_log = database_log

    def status(self, path: str, cookie: str = "", **headers: str) -> int:
        """Request a page. Return the status after the whole response was received, or 0 if the connection fails."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{self.port}", "Cookie": cookie, **headers})
            response = connection.getresponse()
            response.read()
        except OSError:
            return 0
        finally:
            connection.close()
        return response.status

    def page_seconds(self, path: str, cookie: str, seconds: float) -> list[float]:
        """Request a page repeatedly for this many seconds. Return the response times."""
        times = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            started_at = time.monotonic()
            assert self.status(path, cookie) == 200
            times.append(time.monotonic() - started_at)
            time.sleep(random.uniform(0, 2 * PAUSE_SECONDS))
        return times

    def queries_per_second(self, seconds: float) -> float:
        """Count the queries of all web processes for this many seconds."""
        before = self._count_queries()
        time.sleep(seconds)
        return (self._count_queries() - before) / seconds

    def memory(self) -> int:
        """Return the proportional set size of all web processes, in bytes: shared memory is counted once."""
        workers = [process.pid for process in processes.all_processes() if process.parent == self.process.pid]
        assert len(workers) == PROCESSES
        return sum(map(_proportional_set_size, workers))

    def _count_queries(self) -> int:
        return len(QUERY.findall(self.database_log.read_bytes()))


@contextmanager
def running_site(databases: Databases, database_url: str) -> Iterator[Site]:
    """Run the site with its own database user, so that PostgreSQL logs only its queries."""
    databases.execute("DROP ROLE IF EXISTS web")  # left by a previous benchmark
    databases.execute("CREATE ROLE web SUPERUSER LOGIN")
    databases.execute("ALTER ROLE web SET log_statement = 'all'")
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": database_url.replace("//headway@", "//web@"),
        "PORT": str(port),
        "WEB_CONCURRENCY": str(PROCESSES),
    }
    collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
    subprocess.run(collect, cwd=ROOT, env=environment, check=True)
    serve = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "config.wsgi"]
    with (databases.directory / "gunicorn.log").open("w") as output:
        process = subprocess.Popen(serve, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        site = Site(process, port, databases.server.directory / "log")
        wait_until(lambda: site.status("/healthz/"), START_SECONDS)
        yield site
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _proportional_set_size(pid: int) -> int:
    """Return the size in bytes."""
    sizes = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", sizes, re.MULTILINE)[1]) * 1024
