"""Ports for the servers that tests start.

One that is free now is still free when the server binds it seconds later, or again after it was killed: none is of
those that the system hands out, and each of the processes that run tests at the same time has its own.
"""

import itertools
import os
import random
import socket
from contextlib import suppress

FIRST = 10_000
EACH = 2_000  # for a process; eight of them stay below what the system hands out

_numbers = itertools.count(random.randrange(EACH))


def free_port() -> int:
    """One that nobody listens at, and that was not given out before."""
    process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = FIRST + EACH * process + next(_numbers) % EACH
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
            probe.bind(("", port))
            return port


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
