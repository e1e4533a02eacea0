"""A throwaway PostgreSQL server, started from Debian's own binaries; as the user postgres when we are root.

python -m tests.postgresql COMMAND …  runs a command with DATABASE_URL set to such a server.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def _bin() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    assert found, "PostgreSQL is missing: tests/install_system_packages installs it"
    return found[-1].parent


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server on a Unix socket of its own; gives a DATABASE_URL, and stops it at the end."""
    user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    directory = Path(tempfile.mkdtemp(prefix="headway-pg-"))
    if user:
        shutil.chown(directory, "postgres", "postgres")
    data = directory / "data"

    def run(command: str, *arguments: str) -> None:
        done = subprocess.run([str(_bin() / command), *arguments], cwd="/", capture_output=True, text=True, **user)
        assert done.returncode == 0, done.stderr + done.stdout

    run("initdb", "--pgdata", str(data), "--username", "headway", "--auth", "trust", "--no-sync", "--encoding", "UTF8")
    options = f"-c listen_addresses= -c unix_socket_directories={directory} -c fsync=off"
    run("pg_ctl", "--pgdata", str(data), "--wait", "--log", str(directory / "log"), "--options", options, "start")
    try:
        yield f"postgresql://headway@/postgres?host={directory}"
    finally:
        run("pg_ctl", "--pgdata", str(data), "--wait", "--mode", "immediate", "stop")
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    with postgresql() as url:
        sys.exit(subprocess.run(sys.argv[1:], env=os.environ | {"DATABASE_URL": url}).returncode)
