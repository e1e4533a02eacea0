"""Content of /metrics and access control. tests/faults/test_metrics_and_logs.py covers several processes."""

from datetime import timedelta
from ipaddress import ip_network

import pytest
from django.db import OperationalError
from django.db.models.functions import Now
from prometheus_client.parser import text_string_to_metric_families

from progress import statistics
from progress.models import Job, State, Worker
from tests.helpers import file, make_job


def samples(response):
    assert response.status_code == 200
    families = text_string_to_metric_families(response.text)
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


def test_metrics_describe_jobs_workers_and_files(as_alice, visitor, alice):
    as_alice.post("/api/uploads/", {"file": file(b"12345")})
    make_job(owner=alice, state=State.FAILED)
    Job.objects.filter(state=State.QUEUED).update(changed_at=Now() - timedelta(seconds=90))
    Worker.objects.create(name="old:1", beaten_at=Now() - timedelta(seconds=300))
    Worker.objects.create(name="here:2", beaten_at=Now() - timedelta(seconds=10))
    values = samples(visitor.get("/metrics"))
    assert values[("headway_database_up",)] == 1
    assert values[("headway_jobs", "queued")] == 1
    assert values[("headway_jobs", "running")] == 0
    assert values[("headway_jobs", "failed")] == 1
    assert 90 <= values[("headway_longest_wait_seconds",)] < 600
    assert values[("headway_workers",)] == 1
    assert 10 <= values[("headway_last_beat_seconds",)] < 300
    assert values[("headway_stored_bytes",)] == 5


def test_heartbeat_age_is_absent_without_workers(visitor):
    values = samples(visitor.get("/metrics"))
    assert values[("headway_longest_wait_seconds",)] == values[("headway_workers",)] == 0
    assert ("headway_last_beat_seconds",) not in values


def test_metrics_need_at_most_four_queries(visitor, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        visitor.get("/metrics")


def test_unavailable_database_is_reported(visitor, monkeypatch):
    def fail():
        raise OperationalError("no database")

    monkeypatch.setattr(statistics, "worker_health", fail)
    assert samples(visitor.get("/metrics")) == {("headway_database_up",): 0}


@pytest.mark.parametrize(
    ("peer", "forwarded", "status"),
    [
        ("127.0.0.1", "", 200),
        ("::1", "", 200),
        ("::ffff:127.0.0.1", "", 200),
        ("", "127.0.0.1", 200),  # through the proxy's Unix socket
        ("127.0.0.1", "10.1.2.3", 200),
        ("127.0.0.1", "203.0.113.6", 404),
        ("", "203.0.113.6", 404),
        ("", "127.0.0.1, 203.0.113.6", 404),  # the client forged the first address; the proxy appended its real one
        ("", "203.0.113.6, 10.1.2.3", 404),  # through two proxies, of which the last is trusted
        ("203.0.113.6", "", 404),
        ("203.0.113.6", "127.0.0.1", 404),  # without a proxy
        ("", "", 404),  # through a proxy that doesn't send the header
        ("127.0.0.1", "localhost", 404),
        ("127.0.0.1", "127.0.0.1,", 404),
        ("127.0.0.1", "127.0.0.1:80", 404),
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_metrics_return_404_unless_every_address_is_allowed(visitor, settings, peer, forwarded, status, debug):
    settings.DEBUG = debug
    settings.METRICS_ALLOW = [*settings.METRICS_ALLOW, ip_network("10.0.0.0/8")]
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    assert visitor.get("/metrics", REMOTE_ADDR=peer, headers=headers).status_code == status
