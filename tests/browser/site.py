"""The real site, started by `make run` on free ports, with its own state directory.

`python -m tests.browser.site COMMAND …` runs a command with the environment variable SHARED_SITE, so that all processes
of a test run share a site. It starts while they collect their tests.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests.paths import ROOT
from tests.ports import free_port, listens

FAST_SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.browser.settings"}

START_SECONDS = 240
STOP_SECONDS = 20


class Site:
    """A site that `make run` serves from this source tree or another one."""

    process: subprocess.Popen | None = None

    def __init__(self, state_dir: Path, root: Path = ROOT, ports: Sequence[int] = (), **settings: str) -> None:
        self.root = root
        self.state_dir = state_dir
        self.port, self.dash_port = ports or (free_port(), free_port())
        self.url = f"http://localhost:{self.port}"
        self.dashboard_url = f"http://localhost:{self.dash_port}"
        self.log = state_dir / "make-run.log"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": os.environ.get("HOME", "/"),
            "PORT": str(self.port),
            "DASH_PORT": str(self.dash_port),
            "PUBLIC": str(state_dir / "public"),
            "STATE_DIR": str(state_dir),
            **settings,
        }

    def start(self) -> None:
        self.launch()
        self.wait_until_healthy()

    def launch(self) -> None:
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                ["make", "run"],
                cwd=self.root,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_healthy(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self.health().get("status") != "ok" or not listens(self.dash_port):
            assert self.process is None or self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def stop(self) -> int:
        """Interrupt the whole process group, as Ctrl+C in a terminal does. Return the exit status."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def processes(self, word: str = "") -> list[int]:
        """Return the ids of the site's processes whose command contains the word. Their STATE_DIR identifies them."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue  # the process has ended
            if f"STATE_DIR={self.state_dir}".encode() in environment and word.encode() in command:
                found.append(int(pid))
        return found

    def replace_web_processes(self) -> set[int]:
        """Let gunicorn replace its web processes. Return the ids of the old ones, which end after their requests."""
        parents = {pid: _parent(pid) for pid in self.processes("config.wsgi")}
        (master,) = [pid for pid, parent in parents.items() if parent and parent not in parents]
        os.kill(master, signal.SIGHUP)
        return {pid for pid, parent in parents.items() if parent == master}

    def wait_until_ended(self, pids: set[int]) -> None:
        """Wait for the end of replaced processes. A test that doesn't leaves them to the next test on the site."""
        deadline = time.monotonic() + STOP_SECONDS
        while running := [pid for pid in pids if Path(f"/proc/{pid}").exists()]:
            assert time.monotonic() < deadline, f"{running} are still running"
            time.sleep(0.1)

    def database_connections(self) -> int:
        """Return the number of connections to the site's PostgreSQL database, including the one of this method."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            return connection.execute(query).fetchone()[0]

    def create_superuser(self, name: str, password: str) -> None:
        """Run the command that the README names."""
        command = [".venv/bin/python", "manage.py", "createsuperuser", "--noinput", "--username", name, "--email", ""]
        environment = self.environment | {"DEBUG": "true", "DJANGO_SUPERUSER_PASSWORD": password}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)

    def health(self) -> dict:
        """Return the health check's response. It is empty if the site doesn't respond."""
        try:
            with urllib.request.urlopen(f"{self.url}/healthz/", timeout=5) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            with error:
                return json.load(error)
        except OSError:
            return {}


@contextmanager
def running_site(state_dir: Path, **settings: str) -> Iterator[Site]:
    site = Site(state_dir, **settings)
    try:
        site.start()
        yield site
    finally:
        site.stop()


@contextmanager
def shared_site() -> Iterator[Site]:
    """Yield the site that SHARED_SITE describes, or else a new one."""
    if description := os.environ.get("SHARED_SITE"):
        state_dir, *ports = json.loads(description)
        site = Site(Path(state_dir), ports=ports, **FAST_SETTINGS)
        site.wait_until_healthy()
        yield site
    else:
        with (
            tempfile.TemporaryDirectory(prefix="headway-site-") as directory,
            running_site(Path(directory), **FAST_SETTINGS) as site,
        ):
            yield site


def _parent(pid: int) -> int:
    """Return the parent of a process, or 0 if the process has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl+C also interrupts the command, which may need time to end
    with tempfile.TemporaryDirectory(prefix="headway-site-") as directory:
        shared = Site(Path(directory), **FAST_SETTINGS)
        shared.launch()
        try:
            description = json.dumps([directory, shared.port, shared.dash_port])
            status = subprocess.run(sys.argv[1:], env=os.environ | {"SHARED_SITE": description}).returncode
        finally:
            shared.stop()
    sys.exit(status)
