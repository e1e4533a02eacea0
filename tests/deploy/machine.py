"""A booted Debian: systemd and all, in a container of systemd-nspawn, with a network that leads to us alone."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.deploy import image

BOOT_SECONDS = 600
STOP_SECONDS = 300
PIP = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/srv/wheels", "PIP_CONFIG_FILE": "/dev/null"}
CLEAN = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


class Machine:
    """Its disk is a layer on the Debian of the cache, so each begins anew; /srv/checkout is the project, read-only."""

    def __init__(self, directory: Path, number: int, *binds: str) -> None:
        self._binds = binds
        self.name = f"headway{os.getpid()}-{number}"[-11:]  # with ve- before it, a network interface
        self.disk = directory / "disk"
        self._layers = directory
        self._ours, self.address = (f"198.18.{os.getpid() % 256}.{4 * number + end}" for end in (1, 2))
        self.log = directory / "console.log"

    def make_disk(self) -> None:
        for name in ("changes", "work", "disk"):
            (self._layers / name).mkdir()
        layers = f"lowerdir={image.debian()},upperdir={self._layers}/changes,workdir={self._layers}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(self.disk)], check=True)

    def remove_disk(self) -> None:
        subprocess.run(["umount", str(self.disk)], check=True)
        shutil.rmtree(self._layers)

    def boot(self) -> None:
        """Until all that is to run at the start does."""
        how = ["--quiet", "--register=no", "--keep-unit", "--boot", "--console=pipe", "--network-veth"]
        what = [f"--machine={self.name}", f"--directory={self.disk}"]
        shared = [f"--bind-ro={image.ROOT}:/srv/checkout", f"--bind-ro={image.wheels()}:/srv/wheels", *self._binds]
        with self.log.open("a") as log:
            self._container = subprocess.Popen(
                ["systemd-nspawn", *how, *what, *shared], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + BOOT_SECONDS
        while not self._is_up():
            assert self._container.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.run("systemctl", "list-jobs", check=False).stdout
            time.sleep(0.1)
        self._connect()

    def shut_down(self) -> None:
        """As who runs it would: every service is told to stop."""
        self._container.send_signal(signal.SIGTERM)
        self._container.wait(STOP_SECONDS)

    def run(self, *command: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess:
        """As root, with an environment of its own; what it said is in the failure."""
        variables = [f"{name}={value}" for name, value in (CLEAN | PIP | environment).items()]
        enter = ["nsenter", "--target", self._init(), "--all", "env", "-i", *variables]
        done = subprocess.run([*enter, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done

    def _is_up(self) -> bool:
        if not self._init():
            return False
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def _init(self) -> str:
        """The process that is the first one inside."""
        pid = self._container.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().strip()

    def _connect(self) -> None:
        """Both ends of the wire get their addresses."""
        ours, theirs = ["ip"], ["nsenter", "--target", self._init(), "--net", "ip"]
        for ip, address, device in ((ours, self._ours, f"ve-{self.name}"), (theirs, self.address, "host0")):
            subprocess.run([*ip, "address", "add", f"{address}/30", "dev", device], check=True)
            subprocess.run([*ip, "link", "set", device, "up"], check=True)


@contextmanager
def machine(number: int = 0, *binds: str) -> Iterator[Machine]:
    """A booted one; it is thrown away at the end."""
    made = Machine(Path(tempfile.mkdtemp(prefix="headway-machine-")), number, *binds)
    made.make_disk()
    try:
        made.boot()
        yield made
    finally:
        made.shut_down()
        made.remove_disk()
