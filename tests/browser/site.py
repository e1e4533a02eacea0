"""The real site, started with `make run`, on free ports, with state of its own."""

import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.paths import ROOT
from tests.ports import free_port, listens

START_SECONDS = 240
STOP_SECONDS = 20


class Site:
    """A running `make run`, of this tree or of another one."""

    def __init__(self, state_dir: Path, root: Path = ROOT, **settings: str) -> None:
        self.root = root
        self.state_dir = state_dir
        self.port, self.dash_port = free_port(), free_port()
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
        deadline = time.monotonic() + START_SECONDS
        while self.health().get("status") != "ok" or not listens(self.dash_port):
            assert self.process.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def stop(self) -> int:
        """Ctrl-C, as a terminal sends it: to all of the foreground's process group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def processes(self, word: str = "") -> list[int]:
        """The ids of all processes that were started with this state directory and have the word in their command."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                command = Path(f"/proc/{pid}/cmdline").read_bytes()
            except OSError:
                continue  # it has ended meanwhile
            if f"STATE_DIR={self.state_dir}".encode() in environment and word.encode() in command:
                found.append(int(pid))
        return found

    def create_superuser(self, name: str, password: str) -> None:
        """Run the command that README names."""
        command = [".venv/bin/python", "manage.py", "createsuperuser", "--noinput", "--username", name, "--email", ""]
        environment = self.environment | {"DEBUG": "true", "DJANGO_SUPERUSER_PASSWORD": password}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)

    def health(self) -> dict:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz/", timeout=5) as answer:
                return json.load(answer)
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
