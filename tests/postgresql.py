"""Temporary PostgreSQL servers from Debian's binaries. They run as the user postgres if the tests run as root.

`python -m tests.postgresql VARIABLE COMMAND …` runs a command with an environment variable set to the URL of such a
server: DATABASE_URL to use its database, or POSTGRESQL_URL to share the server among all processes of a test run.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg


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
            " -c fsync=off -c max_connections=400"
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
def shared_server() -> Iterator[str]:
    """Yield the URL of the server that POSTGRESQL_URL names, or else of a new one."""
    if url := os.environ.get("POSTGRESQL_URL"):
        yield url
    else:
        with server() as running:
            yield running.url


def create_database(server_url: str, name: str = "", template: str = "template1") -> str:
    """Create a database on the server, with a unique name if none is given. Return its URL."""
    name = name or f"test_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return server_url.replace("/postgres?", f"/{name}?")


if __name__ == "__main__":
    variable, *command = sys.argv[1:]
    signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl+C also interrupts the command, which may need time to end
    with server() as running:
        sys.exit(subprocess.run(command, env=os.environ | {variable: running.url}).returncode)
