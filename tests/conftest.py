"""The cast: Alice, who owns things; Bob, the outsider; and a visitor who is not logged in."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client

from progress.pulse import Pulse
from tests.helpers import PASSWORD


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
def _pulse_without_a_thread(monkeypatch):
    """In a test all is one transaction, which a thread of the worker's could not see: it beats where it is woken."""
    monkeypatch.setattr(Pulse, "start", lambda self: None)
    monkeypatch.setattr(Pulse, "wake", Pulse.beat)


@pytest.fixture(autouse=True)
def state_dir(request, tmp_path, settings) -> Path:
    """A state directory for each test; whatever a test leaves there can be looked at."""
    for name in ("incoming", "media", "tmp"):
        (tmp_path / name).mkdir()
    settings.STATE_DIR = tmp_path
    settings.FILE_UPLOAD_TEMP_DIR = tmp_path / "tmp"
    storages = dict(settings.STORAGES)
    storages["default"] = {**storages["default"], "OPTIONS": {"location": tmp_path / "media", "allow_overwrite": True}}
    settings.STORAGES = storages
    return tmp_path
