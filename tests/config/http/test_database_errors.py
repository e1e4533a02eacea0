"""Responses to database errors that are not bugs: full disk, query timeout, locks, connections, deleted rows."""

import sqlite3
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError, OperationalError, connection
from django.test import Client
from psycopg_pool import PoolTimeout

from config import database_errors
from tests.helpers import PASSWORD, make_job, problem

CAUSE = {
    ("full", "sqlite"): "13 database or disk is full",
    ("interrupted", "sqlite"): "9 interrupted",
    ("locked", "sqlite"): "5 database is locked",
    ("full", "postgresql"): "53100",
    ("interrupted", "postgresql"): "57014",
    ("locked", "postgresql"): "55P03",
}


def fail(kind: str) -> None:
    """Make the database raise this error."""
    if kind == "pool":
        raise OperationalError("couldn't get a connection") from PoolTimeout("couldn't get a connection: secret")
    if connection.vendor == "postgresql":
        state = CAUSE[kind, "postgresql"]
        connection.cursor().execute(f"DO $$ BEGIN RAISE EXCEPTION 'secret' USING ERRCODE = '{state}'; END $$")
    code, text = CAUSE[kind, "sqlite"].split(" ", 1)
    cause = sqlite3.OperationalError(text)
    cause.sqlite_errorcode = int(code)
    raise OperationalError(text) from cause


@contextmanager
def failing(kind: str, keywords: tuple[str, ...] = ("INSERT", "UPDATE", "DELETE")):
    """Make every statement that starts with one of these keywords fail."""

    def execute(run, sql, *arguments):
        if sql.startswith(keywords):
            fail(kind)
        return run(sql, *arguments)

    with connection.execute_wrapper(execute):
        yield


@pytest.fixture
def client_of_alice(alice):
    client = Client(raise_request_exception=False)
    client.force_login(alice)
    return client


class TestDiskFull:
    def test_api_returns_507(self, client_of_alice):
        with failing("full"):
            response = client_of_alice.post("/api/todos/", {"title": "x"}, content_type="application/json")
        assert "disk of this site is full" in problem(response, 507)["detail"]

    def test_page_returns_507(self, client_of_alice):
        with failing("full"):
            response = client_of_alice.post("/todos/", {"title": "x"})
        assert response.status_code == 507
        assert "disk of this site is full" in response.text

    @pytest.mark.parametrize("password", [PASSWORD, "wrong"])
    @pytest.mark.parametrize("url", ["/accounts/login/", "/api/session/"])
    def test_login_returns_507(self, visitor, alice, url, password):
        kind = "application/json" if url.startswith("/api/") else "application/x-www-form-urlencoded"
        credentials = {"username": "alice", "password": password}
        with failing("full"):
            data = credentials if kind == "application/json" else urlencode(credentials)
            assert visitor.post(url, data, content_type=kind).status_code == 507

    def test_failure_to_save_the_session_returns_507(self, visitor, alice):
        with failing("full", ('UPDATE "django_session"', 'INSERT INTO "django_session"')):
            response = visitor.post("/accounts/login/", {"username": "alice", "password": PASSWORD})
        assert response.status_code == 507

    def test_error_outside_of_views_returns_507(self, client_of_alice):
        with failing("full", ("SELECT",)):
            problem(client_of_alice.get("/api/todos/"), 507)

    @pytest.mark.skipif("connection.vendor != 'sqlite'")
    def test_full_sqlite_file_returns_507(self, client_of_alice):
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA max_page_count = 1")  # SQLite raises it to the current number of pages
        try:
            fields = {"title": "x", "notes": "x" * 20_000}
            for _ in range(50):
                response = client_of_alice.post("/api/todos/", fields, content_type="application/json")
            problem(response, 507)
        finally:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA max_page_count = 1073741823")

    def test_input_output_error_of_sqlite_returns_507_only_on_a_full_disk(self, monkeypatch):
        error = OperationalError("disk I/O error")
        error.__cause__ = type("Cause", (Exception,), {"sqlite_errorcode": 4874})()
        assert database_errors.status_of(error) is None
        monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 0}))
        assert database_errors.status_of(error) == (507, "")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("interrupted", "The database query took too long and was cancelled."),
        ("locked", "The database is busy with another change."),
        ("pool", "No database connection became available in time."),
    ],
)
def test_busy_database_returns_503_with_cause(client_of_alice, kind, message):
    with failing(kind, ("SELECT",)):
        response = client_of_alice.get("/api/todos/")
    detail = problem(response, 503)["detail"]
    assert detail.startswith(message)
    assert "Try again" in detail
    assert "secret" not in detail
    assert response["Retry-After"]


@pytest.mark.django_db(transaction=True)
def test_reference_to_a_deleted_row_returns_409():
    with pytest.raises(IntegrityError) as raised:
        make_job(owner_id=10**6)
    assert database_errors.status_of(raised.value) == (409, "")


def test_other_database_errors_are_bugs():
    assert database_errors.status_of(OperationalError("no such table")) is None
