"""Fixtures for all tests: users and their clients, an empty state directory, and replacements for threads."""

import gc
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from progress.live.hub import Watcher, hub
from progress.worker.heartbeat import Heartbeat
from tests.helpers import PASSWORD, make_login

STATE_DIRECTORIES = {"incoming", "media", "static", "tmp"}

# Examples may run slowly on a busy machine.
hypothesis_settings.register_profile("no-deadline", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("no-deadline")

TIMEOUT_SECONDS = {"services": 600, "browser": 600, "faults": 900, "machines": 900, "deploy": 3600}
"""Time limits of tests with these markers. The limit of all other tests is in pyproject.toml."""


def pytest_collection_modifyitems(config, items):
    for item in items:
        for marker in TIMEOUT_SECONDS.keys() & {marker.name for marker in item.iter_markers()}:
            item.add_marker(pytest.mark.timeout(TIMEOUT_SECONDS[marker]))
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if connection.vendor != "sqlite":
        _deselect_tests_without_database(config, items)


def pytest_collection_finish():
    """Exempt all imported modules and collected tests from garbage collections, each of which would take 0.25 s."""
    gc.freeze()


def _deselect_tests_without_database(config, items) -> None:
    """Deselect tests that don't use the database. They run with SQLite only."""
    use_database = [item for item in items if item.get_closest_marker("django_db") or "db" in item.fixturenames]
    config.hook.pytest_deselected(items=[item for item in items if item not in use_database])
    items[:] = use_database


def pytest_make_parametrize_id(val):
    """Shorten long ids: pytest puts the id into PYTEST_CURRENT_TEST, which subprocesses inherit."""
    return repr(val[:80]) if isinstance(val, str | bytes) and len(val) > 200 else None


@pytest.fixture(scope="session", autouse=True)
def delete_output_dir():
    """Keep test-results/, which pytest-playwright deletes in each process, possibly while others write into it."""


@pytest.fixture
def alice(db) -> User:
    return User.objects.create_user("alice", "alice@example.com", PASSWORD)


@pytest.fixture
def bob(db) -> User:
    return User.objects.create_user("bob", "bob@example.com", PASSWORD)


@pytest.fixture
def admin_user(db) -> User:
    return User.objects.create_superuser("admin", "admin@example.com", PASSWORD)


@pytest.fixture
def visitor(db) -> Client:
    return Client()


def logged_in_client(user: User) -> Client:
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = make_login(user).session_key
    return client


@pytest.fixture
def as_alice(alice) -> Client:
    return logged_in_client(alice)


@pytest.fixture
def as_bob(bob) -> Client:
    return logged_in_client(bob)


@pytest.fixture
def as_admin(admin_user) -> Client:
    return logged_in_client(admin_user)


@pytest.fixture(autouse=True)
def _heartbeat_without_thread(monkeypatch):
    """Write heartbeats in the test's thread: another thread couldn't see the test's uncommitted transaction."""
    monkeypatch.setattr(Heartbeat, "start", lambda self: None)
    monkeypatch.setattr(Heartbeat, "wake", Heartbeat.write)


@pytest.fixture(autouse=True)
def state_dir() -> Iterator[Path]:
    """Yield the state directory, in which a test finds empty directories only."""
    root = settings.STATE_DIR
    for name in STATE_DIRECTORIES:
        (root / name).mkdir(exist_ok=True)
    yield root
    _remove_contents(root)


def _remove_contents(root: Path) -> None:
    """Remove the files of a test, but keep the empty state directories."""
    for path in root.iterdir():
        if not path.is_dir():
            path.unlink()
        elif path.name not in STATE_DIRECTORIES or any(path.iterdir()):
            shutil.rmtree(path)


@pytest.fixture
def frozen_time():
    """Freeze the time, so that the date doesn't change during the test."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        yield


@pytest.fixture
def during_waits(monkeypatch):
    """Yield a list of functions. Each call to `Watcher.wait` pops the first function and calls it.

    The hub's thread couldn't see the test's uncommitted transaction, so `Watcher.wait` runs the tick itself. When no
    function is left, the monotonic clock advances by the time to wait.
    """
    functions: list = []
    wait = Watcher.wait
    clock = [1000.0]

    def tick_and_wait(self, seconds):
        if functions:
            functions.pop(0)()
        else:
            clock[0] += seconds
        hub.tick()
        return wait(self, 0)

    monkeypatch.setattr(threading.Thread, "start", lambda self: None)
    monkeypatch.setattr(hub, "_thorough_at", -1000.0)
    monkeypatch.setattr(Watcher, "wait", tick_and_wait)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    yield functions
    assert not hub._watchers
    assert not hub._sources
