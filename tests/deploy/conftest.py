"""One machine for all tests here, on which `deploy/install` has been run. Each test leaves it in working order."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.machine import Machine, booted_machine
from tests.deploy.visitor import Visitor
from tests.paths import ROOT

APP, DASHBOARD = "app.example.test", "dash.example.test"
ADMIN = ("--admin", "maria", "--mail", "maria@example.test")
RELEASE_PARTS = ("manage.py", "config", "todos", "uploads", "progress", "templates", "deploy", "requirements.txt")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("deploy")


class Server:
    """The machine as a server of Headway: its host names, certificate and releases."""

    def __init__(self, machine: Machine, shared: Path) -> None:
        self.machine = machine
        self._shared = shared

    def install(self, checkout: str = "/srv/checkout") -> str:
        """Run deploy/install as the runbook describes, and return its output."""
        hosts = ("--app", APP, "--dashboard", DASHBOARD)
        return self.machine.run(f"{checkout}/deploy/install", *hosts, *ADMIN, "--self-signed").stdout

    def copy_checkout(self, name: str) -> tuple[Path, str]:
        """Copy the project. Return the copy's path on the host, and its path on the machine."""
        copy = self._shared / name
        for part in RELEASE_PARTS:
            copy_part = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy.mkdir(exist_ok=True)
            copy_part(ROOT / part, copy / part)
        return copy, f"/srv/shared/{name}"

    def visitor(self, host: str = APP) -> Visitor:
        return Visitor(host, self.machine.address, self.certificate())

    def certificate(self) -> str:
        return self.machine.run("cat", "/etc/headway/tls/certificate.pem").stdout

    def active_release(self) -> str:
        return self.machine.run("readlink", "/opt/headway/current").stdout.strip().rpartition("/")[2]


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    shared = tmp_path_factory.mktemp("shared")
    with booted_machine(0, f"--bind-ro={shared}:/srv/shared") as machine:
        yield Server(machine, shared)


@pytest.fixture(scope="session")
def admin_password(server) -> str:
    """Install Headway on the new machine. Return the password that the installer prints."""
    output = server.install()
    found = re.search(r"Log in as maria with the password (\S+) and change it", output)
    assert found, output
    return found[1]


@pytest.fixture
def maria(server, admin_password) -> Visitor:
    visitor = server.visitor()
    visitor.log_in("maria", admin_password)
    return visitor
