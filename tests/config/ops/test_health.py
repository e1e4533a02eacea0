"""/healthz/ names the part that fails, to anybody, and says no more."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from config.ops import health
from progress.models import Worker


@pytest.fixture
def worker(db):
    return Worker.objects.create(name="here:1", beaten_at=Now())


def test_all_is_well(visitor, worker):
    response = visitor.get("/healthz/")
    assert response.status_code == 200
    assert response.json() == {"status": "ok", "checks": {"database": "ok", "worker": "ok", "storage": "ok"}}


def assert_only(response, part):
    assert response.status_code == 503
    body = response.json()
    assert body["status"] == "failing"
    assert {name for name, outcome in body["checks"].items() if outcome == "failing"} == {part}
    assert set(body["checks"].values()) <= {"ok", "failing"}


def test_no_worker(visitor):
    assert_only(visitor.get("/healthz/"), "worker")


def test_a_worker_that_went_silent(visitor, worker):
    Worker.objects.update(beaten_at=Now() - timedelta(seconds=31))
    assert_only(visitor.get("/healthz/"), "worker")


def test_no_place_for_files(visitor, worker, state_dir):
    (state_dir / "media").rmdir()
    assert_only(visitor.get("/healthz/"), "storage")


def test_no_database(visitor, worker, monkeypatch):
    def gone():
        raise OperationalError("connection to /var/run/secret failed")

    monkeypatch.setitem(health.CHECKS, "database", gone)
    response = visitor.get("/healthz/")
    assert_only(response, "database")
    assert "secret" not in response.text


def test_it_answers_even_if_nobody_can_be_asked_who_comes(as_alice, worker, monkeypatch):
    def gone(self):
        raise OperationalError("no database")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", gone)
    assert as_alice.get("/healthz/").json()["status"] == "ok"


def test_it_can_only_be_looked_at(visitor):
    assert visitor.post("/healthz/").status_code == 405
