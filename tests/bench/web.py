"""The site on gunicorn with two processes, as in production but for nginx, and a PostgreSQL that logs its queries."""

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


class Web:
    """A running one."""

    def __init__(self, process: subprocess.Popen, port: int, database_log: Path) -> None:
        self.process = process
        self.port = port
        self.database_log = database_log

    def status(self, path: str, cookie: str = "", **headers: str) -> int:
        """Of the answer, once it is there as a whole; 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET", path, headers={"Host": f"localhost:{self.port}", "Cookie": cookie, **headers})
            answer = connection.getresponse()
            answer.read()
        except OSError:
            return 0
        finally:
            connection.close()
        return answer.status

    def page_seconds(self, path: str, cookie: str, seconds: float) -> list[float]:
        """How long each answer takes when somebody keeps asking for this page."""
        found = []
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            begun_at = time.monotonic()
            assert self.status(path, cookie) == 200
            found.append(time.monotonic() - begun_at)
            time.sleep(random.uniform(0, 2 * PAUSE_SECONDS))
        return found

    def queries_a_second(self, seconds: float) -> float:
        """Of all the web processes, in so long a time from now."""
        already = self._queries()
        time.sleep(seconds)
        return (self._queries() - already) / seconds

    def memory(self) -> int:
        """Bytes that the web processes have for themselves, and their shares of what they have in common."""
        workers = [process.pid for process in processes.all_processes() if process.parent == self.process.pid]
        assert len(workers) == PROCESSES
        return sum(map(_proportional_set_size, workers))

    def _queries(self) -> int:
        return len(QUERY.findall(self.database_log.read_bytes()))


@contextmanager
def web(databases: Databases, database_url: str) -> Iterator[Web]:
    """It has a database user of its own, so that its queries alone are logged."""
    databases.execute("DROP ROLE IF EXISTS web")  # of the benchmark before
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
        running = Web(process, port, databases.server.directory / "log")
        wait_until(lambda: running.status("/healthz/"), START_SECONDS)
        yield running
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _proportional_set_size(pid: int) -> int:
    sizes = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", sizes, re.MULTILINE)[1]) * 1024
