"""The systemd units, and the hardening that both services share."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.paths import ROOT

UNITS = ROOT / "deploy" / "systemd"
HARDENING = UNITS / "hardening.conf"
SERVICES = ("headway.service", "headway-worker.service")
INSTALL_UNITS = """
. deploy/lib/common.sh
. deploy/lib/release.sh
UNITS=$2
install_units "$1"
"""


def directives(path: Path) -> set[str]:
    return set(re.findall(r"^(\w+)=", path.read_text(), re.MULTILINE))


def install_units(release: Path, target: Path) -> None:
    subprocess.run(["sh", "-euc", INSTALL_UNITS, "sh", str(release), str(target)], cwd=ROOT, check=True)


@pytest.fixture
def target(tmp_path) -> Path:
    """Create a directory for systemd's units."""
    directory = tmp_path / "units"
    directory.mkdir()
    return directory


@pytest.fixture
def older_release(tmp_path) -> Path:
    """Create a release whose units contain their own hardening."""
    release = tmp_path / "release"
    shutil.copytree(UNITS, release / "deploy" / "systemd")
    (release / "deploy" / "systemd" / "hardening.conf").unlink()
    return release


def test_units_contain_no_hardening():
    assert len(directives(HARDENING)) > 25
    for service in SERVICES:
        assert directives(UNITS / service) & directives(HARDENING) == set()


def test_installation_hardens_both_services(target):
    install_units(ROOT, target)
    assert {path.name for path in target.iterdir()} == {
        *("headway.target", "headway.socket"),
        *(name for service in SERVICES for name in (service, f"{service}.d")),
    }
    for service in SERVICES:
        assert (target / service).read_text() == (UNITS / service).read_text()
        assert (target / f"{service}.d" / "hardening.conf").read_text() == HARDENING.read_text()


def test_rollback_to_an_older_release_keeps_the_drop_ins(target, older_release):
    install_units(ROOT, target)
    (older_release / "deploy" / "systemd" / "headway.target").write_text("[Unit]\nDescription=older\n")
    install_units(older_release, target)
    assert "older" in (target / "headway.target").read_text()
    for service in SERVICES:
        assert (target / f"{service}.d" / "hardening.conf").read_text() == HARDENING.read_text()


def test_installation_of_an_incomplete_release_fails(tmp_path, target):
    with pytest.raises(subprocess.CalledProcessError):
        install_units(tmp_path, target)
