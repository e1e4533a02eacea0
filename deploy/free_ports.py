"""Say which of the given ports of this machine are taken, before anything is installed or started.

    python3 deploy/free_ports.py 8000 8001

It runs before there is a virtual environment, so it needs nothing but Python.
"""

import socket
import sys


def is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn does
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def main(values: list[str]) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 (it is what the user must be told)
        sys.exit("Headway needs Python 3.11 or newer: make run PYTHON=python3.11")
    for name, value in zip(("PORT", "DASH_PORT"), values, strict=True):
        if not value.isdecimal() or not 0 < int(value) < 65536:
            sys.exit(f"{name}={value} is not a port: choose a number from 1 to 65535.")
        if not is_free(int(value)):
            sys.exit(f"Port {value} is taken. Choose another one: make run {name}={int(value) + 100}")
    if len(set(values)) < len(values):
        sys.exit(f"PORT and DASH_PORT are both {values[0]}: choose two different ones.")


if __name__ == "__main__":
    main(sys.argv[1:])
