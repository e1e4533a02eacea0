"""A booted Debian with systemd, in a systemd-nspawn container that has a network connection to its host only."""

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
    """A container that overlays the cached Debian, so that each starts unmodified. /srv/checkout is the project."""

    def __init__(self, directory: Path, number: int, *binds: str) -> None:
        self._binds = binds
        self.name = f"headway{os.getpid()}-{number}"[-11:]  # the interface ve-NAME may have 15 characters
        self.disk = directory / "disk"
        self._directory = directory
        self._host_address, self.address = (f"198.18.{os.getpid() % 256}.{4 * number + end}" for end in (1, 2))
        self.log = directory / "console.log"

    def make_disk(self) -> None:
        for name in ("changes", "work", "disk"):
            (self._directory / name).mkdir()
        layers = f"lowerdir={image.debian()},upperdir={self._directory}/changes,workdir={self._directory}/work"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(self.disk)], check=True)

    def remove_disk(self) -> None:
        subprocess.run(["umount", str(self.disk)], check=True)
        shutil.rmtree(self._directory)

    def boot(self) -> None:
        """Boot, and return when systemd has started all units."""
        options = ["--quiet", "--register=no", "--keep-unit", "--boot", "--console=pipe", "--network-veth"]
        options += [f"--machine={self.name}", f"--directory={self.disk}"]
        binds = [f"--bind-ro={image.ROOT}:/srv/checkout", f"--bind-ro={image.wheels()}:/srv/wheels", *self._binds]
        with self.log.open("a") as log:
            self._container = subprocess.Popen(
                ["systemd-nspawn", *options, *binds], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + BOOT_SECONDS
        while not self._has_booted():
            assert self._container.poll() is None, self.log.read_text()
            assert time.monotonic() < deadline, self.run("systemctl", "list-jobs", check=False).stdout
            time.sleep(0.1)
        self._connect()

    def shut_down(self) -> None:
        """Shut down as an administrator would: systemd stops every service."""
        self._container.send_signal(signal.SIGTERM)
        self._container.wait(STOP_SECONDS)

    def run(self, *command: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess:
        """Run a command as root, with only these environment variables. Its output is in the assertion's message."""
        variables = [f"{name}={value}" for name, value in (CLEAN | PIP | environment).items()]
        enter = ["nsenter", "--target", self._init(), "--all", "env", "-i", *variables]
        done = subprocess.run([*enter, *command], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done

    def _has_booted(self) -> bool:
        if not self._init():
            return False
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def _init(self) -> str:
        """Return the process id of the container's init, or an empty string if it hasn't started."""
        pid = self._container.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().strip()

    def _connect(self) -> None:
        """Give an address to both ends of the virtual Ethernet cable."""
        host_ip, machine_ip = ["ip"], ["nsenter", "--target", self._init(), "--net", "ip"]
        ends = ((host_ip, self._host_address, f"ve-{self.name}"), (machine_ip, self.address, "host0"))
        for ip, address, device in ends:
            subprocess.run([*ip, "address", "add", f"{address}/30", "dev", device], check=True)
            subprocess.run([*ip, "link", "set", device, "up"], check=True)


@contextmanager
def booted_machine(number: int = 0, *binds: str) -> Iterator[Machine]:
    """Boot a machine, and delete it at the end."""
    machine = Machine(Path(tempfile.mkdtemp(prefix="headway-machine-")), number, *binds)
    machine.make_disk()
    try:
        machine.boot()
        yield machine
    finally:
        machine.shut_down()
        machine.remove_disk()
