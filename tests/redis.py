"""Temporary Redis servers from Debian's binary."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

START_SECONDS = 60


class Server:
    """A server that listens on a Unix socket in the directory and, if given, on port 6379 of `address`.

    It persists nothing, so its data is lost when it stops.
    """

    def __init__(self, directory: Path, address: str = "") -> None:
        self._socket = directory / "redis.sock"
        self.url = f"unix://{self._socket}?db=0"
        self._listen = ["--port", "6379", "--bind", address, "--protected-mode", "no"] if address else ["--port", "0"]

    def start(self) -> None:
        program = shutil.which("redis-server")
        assert program, "Redis is missing: tests/install_system_packages installs it"
        options = ["--unixsocket", str(self._socket), "--save", "", "--dir", str(self._socket.parent)]
        self._process = subprocess.Popen([program, *self._listen, *options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()

    def _is_ready(self) -> bool:
        try:
            return bool(redis.Redis.from_url(self.url).ping())
        except redis.ConnectionError:
            return False


@contextmanager
def server(directory: Path, address: str = "") -> Iterator[Server]:
    """Run a server until the end of the block."""
    server = Server(directory, address)
    server.start()
    try:
        yield server
    finally:
        server.stop()
