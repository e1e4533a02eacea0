"""Say which of the given ports of this machine can't be used, before anything is installed or started.

    python3 deploy/free_ports.py 8000 8001

It runs before there is a virtual environment, so it needs nothing but Python.
"""

import itertools
import socket
import sys

NAMES = ("PORT", "DASH_PORT")
UNPRIVILEGED = 1024


def obstacle(port: int) -> str:
    """Return why nothing can listen on this port, or an empty string if something can."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
        try:
            listener.bind(("127.0.0.1", port))
        except PermissionError:
            return f"is not allowed for this user: use {UNPRIVILEGED} or higher"
        except OSError:
            return "is taken"
    return ""


def replacement(port: int, used: list[int]) -> int:
    """Return a port near this one that can be used and is none of `used`."""
    near = range(max(port + 100, UNPRIVILEGED), 65536)
    return next(each for each in itertools.chain(near, range(8000, 65536)) if each not in used and not obstacle(each))


def main(values: list[str]) -> None:
    for name, value in zip(NAMES, values, strict=True):
        if not value.isdecimal() or value.startswith("0") or int(value) > 65535:
            sys.exit(f"{name}={value} is not a port: choose a number from 1 to 65535.")
    if len(set(values)) < len(values):
        sys.exit(f"PORT and DASH_PORT are both {values[0]}: choose two different ones.")
    ports = [int(value) for value in values]
    obstacles = {port: why for port in ports if (why := obstacle(port))}
    if not obstacles:
        return
    choice = list(ports)
    for index, port in enumerate(ports):
        if port in obstacles:
            choice[index] = replacement(port, choice)
    port, why = next(iter(obstacles.items()))
    command = " ".join(["make run", *(f"{name}={port}" for name, port in zip(NAMES, choice, strict=True))])
    sys.exit(f"Port {port} {why}. Choose another one: {command}")


if __name__ == "__main__":
    main(sys.argv[1:])
