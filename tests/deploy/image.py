"""The disk image of a machine: a Debian made by debootstrap, with the packages and wheels that the installer requests.

Both are made once and cached below CACHE, under a name that contains a digest of their inputs. The packages are in
apt's cache, not installed, so the installer runs unchanged on a machine without a network.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.paths import ROOT

CACHE = Path("/var/cache/headway-tests")
SUITE = os.environ.get("SUITE", "bookworm")
PYTHON = {"bookworm": "3.11", "trixie": "3.13"}[SUITE]
BASE_PACKAGES = "systemd,systemd-sysv,dbus,ca-certificates"
"""Packages of a hosting company's minimal Debian, in addition to the essential ones."""

PACKAGES = (
    re.search(r'^PACKAGES="(.*)"$', (ROOT / "deploy/lib/machine.sh").read_text(), re.MULTILINE)[1] + " certbot pebble"
)
"""The installer's packages, with certbot and a certificate authority for its tests."""


def debian() -> Path:
    """Return the root directory of a Debian that has never been booted."""
    return _cached(f"{SUITE}-{_digest(BASE_PACKAGES + PACKAGES)}", _make_debian)


def wheels() -> Path:
    """Return a directory with the wheels of requirements.txt."""
    return _cached(f"wheels-{PYTHON}-{_digest((ROOT / 'requirements.txt').read_text())}", _download_wheels)


def _make_debian(directory: Path) -> None:
    _run("debootstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", SUITE, str(directory))
    fetch = f"apt-get update -qq && apt-get install -qq --download-only --no-install-recommends {PACKAGES}"
    _run("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--pipe", "-D", str(directory), "sh", "-c", fetch)


def _download_wheels(directory: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"]
    pip += ["--python-version", PYTHON, "--only-binary=:all:"]
    _run(*pip, "--requirement", str(ROOT / "requirements.txt"), "--dest", str(directory))


def _cached(name: str, make: Callable[[Path], None]) -> Path:
    """Return a directory of the cache. If it is missing, `make` fills it first, under a temporary name."""
    directory = CACHE / name
    if not directory.exists():
        unfinished = CACHE / f"{name}.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        make(unfinished)
        unfinished.rename(directory)
    return directory


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
