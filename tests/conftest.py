"""Fixtures for all tests: users and their clients, an empty state directory, and replacements for threads."""

import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from progress.live.hub import Watcher, hub
from progress.worker.heartbeat import Heartbeat
from tests.helpers import PASSWORD

BACKEND = "django.contrib.auth.backends.ModelBackend"
STATE_DIRECTORIES = {"incoming", "media", "tmp"}

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


def _deselect_tests_without_database(config, items) -> None:
    """Deselect tests that don't use the database. They run with SQLite only."""
    use_database = [item for item in items if item.get_closest_marker("django_db") or "db" in item.fixturenames]
    config.hook.pytest_deselected(items=[item for item in items if item not in use_database])
    items[:] = use_database


def pytest_make_parametrize_id(val):
    """Shorten long ids: pytest puts the id into PYTEST_CURRENT_TEST, which subprocesses inherit."""
    return repr(val[:80]) if isinstance(val, str | bytes) and len(val) > 200 else None


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
    """Return a client with a session. It takes 4 queries; `Client.force_login` takes 17, and four times as long."""
    session = SessionStore()
    session.update(
        {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: BACKEND, HASH_SESSION_KEY: user.get_session_auth_hash()}
    )
    session.save(must_create=True)
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session.session_key
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


@pytest.fixture(scope="session")
def shared_state_dir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(autouse=True)
def state_dir(request, shared_state_dir, settings) -> Iterator[Path]:
    """Yield an empty state directory: `tmp_path` if the test uses it, otherwise a shared directory, which is faster."""
    root = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else shared_state_dir
    for name in STATE_DIRECTORIES:
        (root / name).mkdir(exist_ok=True)
    settings.STATE_DIR = root
    settings.FILE_UPLOAD_TEMP_DIR = root / "tmp"
    storages = dict(settings.STORAGES)
    storages["default"] = {**storages["default"], "OPTIONS": {"location": root / "media", "allow_overwrite": True}}
    settings.STORAGES = storages
    yield root
    if root == shared_state_dir:
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
