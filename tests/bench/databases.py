"""New, migrated databases for measurements: SQLite files, or databases of one PostgreSQL server."""

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

import dj_database_url
import psycopg
from django.db import connections

from tests.bench.size import size
from tests.faults.conftest import migrate
from tests.postgresql import Server, create_database, server

KINDS = size(("sqlite", "postgresql"), quick=("sqlite",))


class Databases:
    """Factory of databases. Each is copied from a template that is migrated once."""

    def __init__(self, directory: Path, server: Server) -> None:
        self.directory = directory
        self.server = server
        self._numbers = itertools.count(1)

    def create(self, kind: str) -> str:
        """Create a database. Return its URL."""
        if kind == "sqlite":
            copy = self.directory / f"{next(self._numbers)}.sqlite3"
            return f"sqlite:///{shutil.copy(self._sqlite_template, copy)}"
        return create_database(self.server.url, template=self._postgresql_template)

    def execute(self, statement: str) -> None:
        """Execute a statement on the PostgreSQL server."""
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute(statement)

    def server_version(self) -> str:
        with psycopg.connect(self.server.url) as connection:
            return connection.execute("SHOW server_version").fetchone()[0]

    @cached_property
    def _sqlite_template(self) -> Path:
        template = self.directory / "template.sqlite3"
        migrate(f"sqlite:///{template}", self.directory)
        return template

    @cached_property
    def _postgresql_template(self) -> str:
        migrate(create_database(self.server.url, "template"), self.directory)
        return "template"


@contextmanager
def databases(directory: Path) -> Iterator[Databases]:
    """Run a PostgreSQL server within the block."""
    with server() as running:
        yield Databases(directory, running)


@contextmanager
def using(database_url: str) -> Iterator[None]:
    """Use this database as the default one in this process, and in threads started within the block."""
    previous = connections.settings["default"]
    parsed = dj_database_url.parse(database_url)
    options = previous["OPTIONS"] if parsed["ENGINE"] == previous["ENGINE"] else {}
    _configure({**previous, **parsed, "OPTIONS": {**options, **parsed.get("OPTIONS", {})}})
    try:
        yield
    finally:
        _configure(previous)


def _configure(values: dict) -> None:
    """Replace the settings of the default database."""
    connections["default"].close()
    del connections["default"]
    connections.settings["default"] = values
