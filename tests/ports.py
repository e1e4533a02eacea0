"""Ports for the servers that tests start.

A port must stay free until its server binds it seconds later, or again after it was killed. Therefore ports are below
the system's range of ephemeral ports, and each process of pytest-xdist has its own range.
"""

import itertools
import os
import random
import socket
from contextlib import suppress

FIRST_PORT = 10_000
BLOCKED_PORTS = {10_080}  # Chromium doesn't connect to them; https://fetch.spec.whatwg.org/#port-blocking lists all
PORTS_PER_PROCESS = 2_000  # so that the ranges of eight processes are below the ephemeral ports

_numbers = itertools.count(random.randrange(PORTS_PER_PROCESS))


def free_port() -> int:
    """Return a port that is free, and different at each call."""
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = FIRST_PORT + PORTS_PER_PROCESS * process + next(_numbers) % PORTS_PER_PROCESS
        if port in BLOCKED_PORTS:
            continue
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # servers set it, too
            probe.bind(("", port))
            return port


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
