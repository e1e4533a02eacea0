"""Description of the machine and of the programs that a run of the benchmarks used."""

import json
import os
import platform
import sqlite3
import subprocess
import textwrap
from importlib.metadata import version
from pathlib import Path

from tests.bench.databases import Databases
from tests.paths import ROOT

PACKAGES = ("django", "django-q2", "gevent", "gunicorn", "pillow", "psycopg", "tqdm")
TUS_SERVER = ROOT / "tests/node/node_modules/@tus/server/package.json"


def describe(databases: Databases) -> str:
    """Return a line about the hardware, and lines about versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    hardware = f"{_processor()}, {os.cpu_count()} CPUs, {memory:.1f} GiB, Linux {platform.release()}"
    programs = {
        "Headway": _output("git", "describe", "--always", "--dirty"),
        "Python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": databases.server_version(),
        "@tus/server": json.loads(TUS_SERVER.read_text())["version"],
        "Chromium": _output("chromium-headless-shell", "--version").split()[-1],
    }
    versions = ", ".join(f"{name} {number}" for name, number in programs.items())
    return f"{hardware}\n{textwrap.fill(versions, 120, break_on_hyphens=False)}"


def _processor() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    return names[0] if names else platform.machine()


def _output(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
