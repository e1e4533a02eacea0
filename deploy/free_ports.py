"""Check that the ports of `make run` can be used, before anything is installed or started.

    python3 deploy/free_ports.py 8000 8001

It exits with a message that suggests another port if one can't be used. It runs before the virtual environment exists,
so it needs only Python's standard library.
"""

import itertools
import socket
import sys

NAMES = ("PORT", "DASH_PORT")
FIRST_UNPRIVILEGED_PORT = 1024


def problem(port: int) -> str:
    """Return why no server can listen on this port, or an empty string if one can."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
        try:
            listener.bind(("127.0.0.1", port))
        except PermissionError:
            return f"is not allowed for this user: use {FIRST_UNPRIVILEGED_PORT} or higher"
        except OSError:
            return "is in use"
    return ""


def replacement(port: int, used: list[int]) -> int:
    """Return a port near this one that can be used and is not in `used`."""
    higher = range(max(port + 100, FIRST_UNPRIVILEGED_PORT), 65536)
    candidates = itertools.chain(higher, range(8000, 65536))
    return next(candidate for candidate in candidates if candidate not in used and not problem(candidate))


def main(values: list[str]) -> None:
    for name, value in zip(NAMES, values, strict=True):
        if not value.isdecimal() or value.startswith("0") or int(value) > 65535:
            sys.exit(f"{name}={value} is not a port: choose a number from 1 to 65535.")
    if len(set(values)) < len(values):
        sys.exit(f"PORT and DASH_PORT are both {values[0]}: choose two different ones.")
    ports = [int(value) for value in values]
    problems = {port: reason for port in ports if (reason := problem(port))}
    if not problems:
        return
    suggestion = list(ports)
    for index, port in enumerate(ports):
        if port in problems:
            suggestion[index] = replacement(port, suggestion)
    port, reason = next(iter(problems.items()))
    command = " ".join(["make run", *(f"{name}={port}" for name, port in zip(NAMES, suggestion, strict=True))])
    sys.exit(f"Port {port} {reason}. Choose another one: {command}")


if __name__ == "__main__":
    main(sys.argv[1:])
