"""/healthz/: it names the part that fails, and reveals nothing else."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from config.ops import health
from progress.models import Worker


@pytest.fixture
def worker(db):
    return Worker.objects.create(name="here:1", beaten_at=Now())


def test_passing_checks_return_200(visitor, worker):
    response = visitor.get("/healthz/")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": {"database": "ok", "worker": "ok", "storage": "ok"}}


def assert_only_failing(response, part):
    assert response.status_code == 503
    body = response.json()
    assert body["status"] == "failing"
    assert {name for name, outcome in body["checks"].items() if outcome == "failing"} == {part}
    assert set(body["checks"].values()) <= {"ok", "failing"}


def test_missing_worker_fails(visitor):
    assert_only_failing(visitor.get("/healthz/"), "worker")


def test_worker_without_recent_heartbeat_fails(visitor, worker):
    Worker.objects.update(beaten_at=Now() - timedelta(seconds=31))
    assert_only_failing(visitor.get("/healthz/"), "worker")


def test_missing_directory_of_files_fails(visitor, worker, state_dir):
    (state_dir / "media").rmdir()
    assert_only_failing(visitor.get("/healthz/"), "storage")


def test_unavailable_database_fails_without_details(visitor, worker, monkeypatch):
    def fail():
        raise OperationalError("connection to /var/run/secret failed")

    monkeypatch.setitem(health.CHECKS, "database", fail)
    response = visitor.get("/healthz/")
    assert_only_failing(response, "database")
    assert "secret" not in response.text


def test_health_check_does_not_load_the_session(as_alice, worker, monkeypatch):
    def fail(self):
        raise OperationalError("no database")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", fail)
    assert as_alice.get("/healthz/").json()["status"] == "ok"


def test_post_is_not_allowed(visitor):
    assert visitor.post("/healthz/").status_code == 405
