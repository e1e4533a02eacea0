"""Temporary PostgreSQL servers from Debian's binaries. They run as the user postgres if the tests run as root.

`python -m tests.postgresql COMMAND …` runs a command with DATABASE_URL set to such a server.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _binaries() -> Path:
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert programs, "PostgreSQL is missing: tests/install_system_packages installs it"
    return programs[-1].parent


class Server:
    """A server that listens on its own Unix socket and, if given, on `address`."""

    def __init__(self, address: str = "") -> None:
        self._address = address
        self._user: dict = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        self.directory = Path(tempfile.mkdtemp(prefix="headway-pg-"))
        if self._user:
            shutil.chown(self.directory, "postgres", "postgres")
        self.url = f"postgresql://headway@/postgres?host={self.directory}"
        self._run("initdb", "--username", "headway", "--auth", "trust", "--no-sync", "--encoding", "UTF8")
        if address:
            with (self.directory / "data" / "pg_hba.conf").open("a") as rules:
                rules.write("host all all samenet trust\n")

    def start(self) -> None:
        options = (
            f"-c listen_addresses={self._address} -c unix_socket_directories={self.directory}"
            " -c fsync=off -c max_connections=200"
        )
        self._run("pg_ctl", "--wait", "--log", str(self.directory / "log"), "--options", options, "start")

    def stop(self) -> None:
        """Stop immediately, as in a crash."""
        self._run("pg_ctl", "--wait", "--mode", "immediate", "stop")

    def _run(self, command: str, *arguments: str) -> None:
        command_line = [str(_binaries() / command), "--pgdata", str(self.directory / "data"), *arguments]
        done = subprocess.run(command_line, cwd="/", capture_output=True, text=True, **self._user)
        assert done.returncode == 0, done.stderr + done.stdout


@contextmanager
def server(address: str = "") -> Iterator[Server]:
    """Run a server, and delete it at the end."""
    server = Server(address)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.directory, ignore_errors=True)


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a server. Yield its DATABASE_URL."""
    with server() as running:
        yield running.url


if __name__ == "__main__":
    with postgresql() as url:
        sys.exit(subprocess.run(sys.argv[1:], env=os.environ | {"DATABASE_URL": url}).returncode)
