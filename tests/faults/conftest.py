"""Clusters and web servers on a database of their own: a SQLite file, or a database of a shared PostgreSQL server."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

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
def _heartbeat_without_thread():
    """Override the fixture of the unit tests: these processes run their own heartbeats."""


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("template")
    migrate(f"sqlite:///{directory}/template.sqlite3", directory)
    return directory / "template.sqlite3"


@pytest.fixture(scope="session")
def postgresql_template(tmp_path_factory) -> Iterator[str]:
    """Run a server whose database "template" is migrated. Yield the server's URL."""
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
    name = f"test_{uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE template')
    return database(server_url, name)


@pytest.fixture
def queue_url() -> str:
    """The setting QUEUE_URL. Empty: the queue is in the database."""
    return ""


@pytest.fixture
def cluster(tmp_path, database_url, queue_url, django_db_blocker) -> Iterator[Cluster]:
    """A running cluster. The test's ORM uses its database."""
    with django_db_blocker.unblock(), using_database(database_url):
        cluster = Cluster(tmp_path, database_url, QUEUE_URL=queue_url)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture
def another_cluster(cluster, tmp_path_factory, database_url) -> Iterator[Cluster]:
    """A second cluster on the same database."""
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
    """A running web server. The test's ORM uses its database."""
    with django_db_blocker.unblock(), using_database(database_url), running_web(tmp_path, database_url) as web:
        yield web


@pytest.fixture
def visitor(web) -> Visitor:
    return Visitor(make_user())


def migrate(database_url: str, state_dir: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "DEBUG": "true", "STATE_DIR": str(state_dir)}
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env=environment | {"DATABASE_URL": database_url}, check=True)


def database(server_url: str, name: str) -> str:
    """Return the URL of another database of the server."""
    return server_url.replace("/postgres?", f"/{name}?")


@contextmanager
def using_database(database_url: str) -> Iterator[None]:
    """Make the ORM of this process use another database, in all connections that it opens during the block."""
    original = connections["default"]
    parsed = dj_database_url.parse(database_url)
    same = parsed["ENGINE"] == original.settings_dict["ENGINE"]
    options = {**(original.settings_dict["OPTIONS"] if same else {}), **parsed.get("OPTIONS", {})}
    original_settings = connections.settings["default"]
    connections.settings["default"] = {**original.settings_dict, **parsed, "OPTIONS": options, "CONN_MAX_AGE": None}
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections.settings["default"] = original_settings
        connections["default"] = original
