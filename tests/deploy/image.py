"""What a machine is made of: a Debian as debootstrap makes it, the packages and wheels that the installer will ask for.

Both are made once and kept below CACHE, under a name that changes with what goes into them. The packages lie in the
Debian's own archive, not installed, so that the machine needs no network: what the installer does is the same.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path("/var/cache/headway-tests")
SUITE = os.environ.get("SUITE", "bookworm")
PYTHON = {"bookworm": "3.11", "trixie": "3.13"}[SUITE]
ALREADY_THERE = "systemd,systemd-sysv,dbus,ca-certificates"
"""What a small Debian of a hosting company has besides the essential packages."""

PACKAGES = (
    re.search(r'^PACKAGES="(.*)"$', (ROOT / "deploy/lib/machine.sh").read_text(), re.MULTILINE)[1] + " certbot pebble"
)
"""With a client of certificate authorities, and an authority for it."""


def debian() -> Path:
    """The root directory of a Debian that was never booted."""
    return _kept(f"{SUITE}-{_digest(ALREADY_THERE + PACKAGES)}", _make_debian)


def wheels() -> Path:
    """A directory with all that requirements.txt names."""
    return _kept(f"wheels-{PYTHON}-{_digest((ROOT / 'requirements.txt').read_text())}", _download_wheels)


def _make_debian(directory: Path) -> None:
    _run("debootstrap", "--variant=minbase", f"--include={ALREADY_THERE}", SUITE, str(directory))
    fetch = f"apt-get update -qq && apt-get install -qq --download-only --no-install-recommends {PACKAGES}"
    _run("systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--pipe", "-D", str(directory), "sh", "-c", fetch)


def _download_wheels(directory: Path) -> None:
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"]
    pip += ["--python-version", PYTHON, "--only-binary=:all:"]
    _run(*pip, "--requirement", str(ROOT / "requirements.txt"), "--dest", str(directory))


def _kept(name: str, make: Callable[[Path], None]) -> Path:
    """What `make` puts into a directory; one of that name that is complete is not made again."""
    place = CACHE / name
    if not place.exists():
        fresh = CACHE / f"{name}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.parent.mkdir(parents=True, exist_ok=True)
        make(fresh)
        fresh.rename(place)
    return place


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _run(*command: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
