"""A cluster for each test, on a database of its own: a SQLite file, or a database of one PostgreSQL server."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dj_database_url
import psycopg
import pytest
from django.contrib.auth.models import User
from django.db import connections

from tests.faults.cluster import Cluster
from tests.faults.web import Visitor, Web, make_user, running_web
from tests.paths import ROOT
from tests.postgresql import postgresql


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("faults")


@pytest.fixture(autouse=True)
def _pulse_without_a_thread():
    """Nothing of the engine is replaced here."""


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("template")
    migrate(f"sqlite:///{directory}/template.sqlite3", directory)
    return directory / "template.sqlite3"


@pytest.fixture(scope="session")
def postgresql_template(tmp_path_factory) -> Iterator[str]:
    """The URL of a server whose database "template" is migrated."""
    with postgresql() as url:
        with psycopg.connect(url, autocommit=True) as server:
            server.execute("CREATE DATABASE template")
        migrate(database(url, "template"), tmp_path_factory.mktemp("template"))
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path) -> str:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "headway.sqlite3")
        return f"sqlite:///{tmp_path}/headway.sqlite3"
    server_url = request.getfixturevalue("postgresql_template")
    name = f"test_{os.getpid()}_{abs(hash(request.node.name))}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE template')
    return database(server_url, name)


@pytest.fixture
def queue_url() -> str:
    """The queue is in the database, unless a test says otherwise."""
    return ""


@pytest.fixture
def cluster(tmp_path, database_url, queue_url, django_db_blocker) -> Iterator[Cluster]:
    """A running one; the ORM of the test looks into its database."""
    with django_db_blocker.unblock(), looking_into(database_url):
        cluster = Cluster(tmp_path, database_url, QUEUE_URL=queue_url)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture
def another_cluster(cluster, tmp_path_factory, database_url) -> Iterator[Cluster]:
    """A second one, on the same database."""
    other = Cluster(tmp_path_factory.mktemp("another"), database_url)
    try:
        other.start()
        yield other
    finally:
        other.stop()


@pytest.fixture
def alice(cluster) -> User:
    return User.objects.create(username="alice")


@pytest.fixture
def web(tmp_path, database_url, django_db_blocker) -> Iterator[Web]:
    """A running server; the ORM of the test looks into its database."""
    with django_db_blocker.unblock(), looking_into(database_url), running_web(tmp_path, database_url) as web:
        yield web


@pytest.fixture
def visitor(web) -> Visitor:
    return Visitor(make_user())


def migrate(database_url: str, state_dir: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DEBUG": "true", "STATE_DIR": str(state_dir)}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment | {"DATABASE_URL": database_url}, check=True)


def database(server_url: str, name: str) -> str:
    return server_url.replace("/postgres?", f"/{name}?")


@contextmanager
def looking_into(database_url: str) -> Iterator[None]:
    """Let the ORM of this process use another database, by whatever connections it makes meanwhile."""
    tests = connections["default"]
    wanted = dj_database_url.parse(database_url)
    same = wanted["ENGINE"] == tests.settings_dict["ENGINE"]
    options = {**(tests.settings_dict["OPTIONS"] if same else {}), **wanted.get("OPTIONS", {})}
    usual = connections.settings["default"]
    connections.settings["default"] = {**tests.settings_dict, **wanted, "OPTIONS": options, "CONN_MAX_AGE": None}
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = usual
        connections["default"] = tests
