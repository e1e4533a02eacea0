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
    if not (3, 11) <= sys.version_info < (3, 14):
        sys.exit("Headway needs Python 3.11, 3.12 or 3.13: make run PYTHON=python3.11")
    names = ("PORT", "DASH_PORT")
    for name, value in zip(names, values, strict=True):
        if not value.isdecimal() or value.startswith("0") or int(value) > 65535:
            sys.exit(f"{name}={value} is not a port: choose a number from 1 to 65535.")
        if not is_free(int(value)):
            free = next(port for port in range(int(value) + 100, 65536) if is_free(port))
            choice = dict(zip(names, values, strict=True)) | {name: str(free)}
            command = " ".join(["make run", *(f"{name}={port}" for name, port in choice.items())])
            sys.exit(f"Port {value} is taken. Choose another one: {command}")
    if len(set(values)) < len(values):
        sys.exit(f"PORT and DASH_PORT are both {values[0]}: choose two different ones.")


if __name__ == "__main__":
    main(sys.argv[1:])
