"""Release of connections before a long wait, and replacement of connections whose state is unknown."""

import pytest
from django.contrib.auth.models import User
from django.db import ConnectionHandler, connections
from django.utils.connection import ConnectionProxy

from progress import connections as module
from progress.connections import release_connection, replace_connection


@pytest.fixture
def handler(db, tmp_path, monkeypatch):
    """Yield the connections of a request, to a database in a file."""
    database = {"ENGINE": "config.sqlite", "NAME": str(tmp_path / "test.sqlite3"), "OPTIONS": {"timeout": 0}}
    handler = ConnectionHandler({"default": database})
    monkeypatch.setattr(module, "connections", handler)
    monkeypatch.setattr(module, "connection", ConnectionProxy(handler, "default"))
    yield handler
    handler.close_all()


@pytest.mark.django_db(transaction=True)
def test_release_connection_drops_no_open_connection():
    """A database in memory is lost with its last connection. Django keeps that open, so Headway must keep it, too."""
    User.objects.exists()
    before = connections["default"]
    release_connection()
    assert before.connection is None or connections["default"] is before
    assert not User.objects.exists()


def test_released_connection_is_closed_and_replaced_by_the_next_query(handler):
    released = handler["default"]
    released.ensure_connection()
    release_connection()
    assert released.connection is None
    assert handler["default"] is not released
    with handler["default"].cursor() as cursor:
        assert cursor.execute("SELECT 1").fetchone() == (1,)


def test_release_connection_keeps_a_connection_in_a_transaction(handler):
    before = handler["default"]
    before.ensure_connection()
    before.in_atomic_block = True
    release_connection()
    assert handler["default"] is before
    assert before.connection is not None
    before.in_atomic_block = False


def test_replaced_connection_holds_no_lock(handler):
    with handler["default"].cursor() as cursor:
        cursor.execute("BEGIN IMMEDIATE")
    replaced = handler["default"]
    replace_connection()
    assert handler["default"] is not replaced
    with handler["default"].cursor() as other:
        other.execute("CREATE TABLE note (text)")


def test_connection_that_was_never_opened_is_replaced(handler):
    replaced = handler["default"]
    replace_connection()
    assert handler["default"] is not replaced
