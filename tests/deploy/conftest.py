"""One machine for all tests here, on which `deploy/install` has been run; each test leaves it working."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.image import ROOT
from tests.deploy.machine import Machine, machine
from tests.deploy.visitor import Visitor

APP, DASHBOARD = "app.example.test", "dash.example.test"
ADMIN = ("--admin", "maria", "--mail", "maria@example.test")
PARTS = ("manage.py", "config", "todos", "uploads", "progress", "templates", "deploy", "requirements.txt")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("deploy")


class Server:
    """The machine, and what it is known by."""

    def __init__(self, booted: Machine, shared: Path) -> None:
        self.machine = booted
        self._shared = shared

    def install(self, checkout: str = "/srv/checkout") -> str:
        """As the runbook says; gives what was said."""
        hosts = ("--app", APP, "--dashboard", DASHBOARD)
        return self.machine.run(f"{checkout}/deploy/install", *hosts, *ADMIN, "--self-signed").stdout

    def another_checkout(self, name: str) -> tuple[Path, str]:
        """A copy of the project, where we see it and where the machine does."""
        copy = self._shared / name
        for part in PARTS:
            take = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy.mkdir(exist_ok=True)
            take(ROOT / part, copy / part)
        return copy, f"/srv/shared/{name}"

    def visitor(self, host: str = APP) -> Visitor:
        return Visitor(host, self.machine.address, self.certificate())

    def certificate(self) -> str:
        return self.machine.run("cat", "/etc/headway/tls/certificate.pem").stdout

    def release(self) -> str:
        """The one that runs."""
        return self.machine.run("readlink", "/opt/headway/current").stdout.strip().rpartition("/")[2]


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    shared = tmp_path_factory.mktemp("shared")
    with machine(0, f"--bind-ro={shared}:/srv/shared") as booted:
        yield Server(booted, shared)


@pytest.fixture(scope="session")
def admin_password(server) -> str:
    """What the installer said, on a machine on which there was nothing before."""
    said = server.install()
    found = re.search(r"Log in as maria, with the password (\S+), and change it", said)
    assert found, said
    return found[1]


@pytest.fixture
def maria(server, admin_password) -> Visitor:
    visitor = server.visitor()
    visitor.log_in("maria", admin_password)
    return visitor
