"""Clusters and web servers on a database of their own: a SQLite file, or a database of a shared PostgreSQL server."""

import fcntl
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

from tests.conftest import STATE_DIRECTORIES
from tests.faults.cluster import Cluster
from tests.faults.web import Visitor, Web, make_user, running_web
from tests.paths import ROOT
from tests.postgresql import create_database, shared_server


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker("faults")


@pytest.fixture(autouse=True)
def _heartbeat_without_thread():
    """Override the fixture of the unit tests: these processes run their own heartbeats."""


@pytest.fixture(autouse=True)
def state_dir(tmp_path, settings) -> Path:
    """The state directory of the test's cluster, in which this process stores uploads, too."""
    for name in STATE_DIRECTORIES:
        (tmp_path / name).mkdir()
    settings.STATE_DIR = tmp_path
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "tmp"
    options = {"location": tmp_path / "media", "allow_overwrite": True}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], "OPTIONS": options}}
    return tmp_path


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory, worker_id) -> Path:
    """A migrated database. The first process that needs it creates it for all processes of the run."""
    directory = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        directory = directory.parent
    template = directory / "template.sqlite3"
    with (directory / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not template.exists():
            part = tmp_path_factory.mktemp("template") / template.name
            migrate(f"sqlite:///{part}", part.parent)
            part.rename(template)
    return template


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """Yield the URL of a server."""
    with shared_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server, tmp_path_factory) -> str:
    """The name of a migrated database. The first process that needs it creates it for all that share the server."""
    name = "template"
    with psycopg.connect(postgresql_server, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(1)")  # until the connection is closed
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            migrate(create_database(postgresql_server, name), tmp_path_factory.mktemp(name))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request, tmp_path) -> str:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/headway.sqlite3"
    return create_database(request.getfixturevalue("postgresql_server"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path) -> str:
    """The URL of a migrated database."""
    return new_database(request, tmp_path)


def new_database(request: pytest.FixtureRequest, directory: Path) -> str:
    """Create a migrated database of the kind that is the fixture's parameter. Return its URL."""
    if request.param == "sqlite":
        copy = shutil.copy(request.getfixturevalue("sqlite_template"), directory / "headway.sqlite3")
        return f"sqlite:///{copy}"
    template = request.getfixturevalue("postgresql_template")
    return create_database(request.getfixturevalue("postgresql_server"), template=template)


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
