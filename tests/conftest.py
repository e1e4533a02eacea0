"""The cast: Alice, who owns things; Bob, the outsider; and a visitor who is not logged in."""

import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from progress.live.hub import Watcher, hub
from progress.worker.heartbeat import Heartbeat
from tests.helpers import PASSWORD

STATE_FOLDERS = {"incoming", "media", "tmp"}

# How long an example takes says nothing on a machine that does other things at the same time.
hypothesis_settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("patient")


def pytest_collection_modifyitems(config, items):
    """What asks no database is the same on every database, so it runs on one."""
    if connection.vendor == "sqlite":
        return
    asks = [item for item in items if item.get_closest_marker("django_db") or "db" in item.fixturenames]
    config.hook.pytest_deselected(items=[item for item in items if item not in asks])
    items[:] = asks


def pytest_make_parametrize_id(val):
    """Long values are cut, because a test's name is in the environment of whatever it starts; others stay."""
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


@pytest.fixture
def as_alice(alice) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def as_bob(bob) -> Client:
    client = Client()
    client.force_login(bob)
    return client


@pytest.fixture
def as_admin(admin_user) -> Client:
    client = Client()
    client.force_login(admin_user)
    return client


@pytest.fixture(autouse=True)
def _heartbeat_without_thread(monkeypatch):
    """In a test all is one transaction, which a thread of the worker's could not see: it beats where it is woken."""
    monkeypatch.setattr(Heartbeat, "start", lambda self: None)
    monkeypatch.setattr(Heartbeat, "wake", Heartbeat.write)


@pytest.fixture(scope="session")
def shared_state_dir(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("state")


@pytest.fixture(autouse=True)
def state_dir(request, shared_state_dir, settings) -> Iterator[Path]:
    """An empty state directory: `tmp_path` of tests that use it, else a shared one, which saves time in the others."""
    root = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else shared_state_dir
    for name in STATE_FOLDERS:
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
    """Remove what a test has written, but not the empty folders."""
    for path in root.iterdir():
        if not path.is_dir():
            path.unlink()
        elif path.name not in STATE_FOLDERS or any(path.iterdir()):
            shutil.rmtree(path)


@pytest.fixture
def same_day():
    """The clock stands still, lest it be midnight in the middle of the test."""
    with time_machine.travel(datetime.now(UTC), tick=False):
        yield


@pytest.fixture
def meanwhile(monkeypatch):
    """What happens each time somebody begins to wait: one thing after the other, then nothing; no time passes.

    A test is one transaction, which the thread of the hub could not see, so the hub ticks where somebody waits.
    """
    script: list = []
    wait = Watcher.wait
    clock = [1000.0]

    def go_on(self, seconds):
        if script:
            script.pop(0)()
        else:
            clock[0] += seconds
        hub.tick()
        return wait(self, 0)

    monkeypatch.setattr(threading.Thread, "start", lambda self: None)
    monkeypatch.setattr(hub, "_thorough_at", -1000.0)
    monkeypatch.setattr(Watcher, "wait", go_on)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    yield script
    assert not hub._watchers
    assert not hub._sources
