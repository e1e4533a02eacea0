"""Metrics and logs of several processes: counts are added up, and a request id appears in the log of its job."""

import json
import signal
from contextlib import ExitStack, closing

import pytest
from prometheus_client.parser import text_string_to_metric_families

from progress.models import Job, State
from tests.faults.cluster import Cluster, kill, wait_until
from tests.faults.conftest import using_database
from tests.faults.web import Visitor, make_user, running_web, send
from tests.helpers import complete_lines

KEY = "a key for this test alone, and longer than fifty characters"
PRODUCTION = {"DEBUG": "false", "SECRET_KEY": KEY, "ALLOWED_HOSTS": "localhost"}
REQUEST_ID = "7ff1c5d4b0a24b4f9a3ad1f2d25f4c11"

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def web(tmp_path, database_url, django_db_blocker):
    """A server with two processes. Its time-out is long enough for a process that a test has frozen."""
    options = {"WEB_CONCURRENCY": "2", "GUNICORN_CMD_ARGS": "--timeout 600"}
    with (
        django_db_blocker.unblock(),
        using_database(database_url),
        running_web(tmp_path, database_url, **options) as web,
    ):
        wait_until(lambda: len(web.workers) == 2)
        yield web


def metric(web, name, **labels):
    """Return the value of a sample, or 0 if there is none."""
    response = send(web, "GET", "/metrics", {})
    assert response.status == 200
    families = text_string_to_metric_families(response.body.decode())
    values = [sample.value for family in families for sample in family.samples if sample[:2] == (name, labels)]
    return values[0] if values else 0


def counted_requests(web):
    return metric(web, "headway_requests_total", method="GET", view="favicon", status="302")


def send_requests_to(web, pid, times):
    """Send requests that this process serves, because all others are frozen."""
    others = [other for other in web.workers if other != pid]
    for other in others:
        kill(other, signal.SIGSTOP)
    for _ in range(times):
        assert send(web, "GET", "/favicon.ico", {}).status == 302
    for other in others:
        kill(other, signal.SIGCONT)


def test_metrics_add_up_all_processes_including_killed_processes(web):
    first, second = web.workers
    send_requests_to(web, first, 2)
    send_requests_to(web, second, 3)
    wait_until(lambda: counted_requests(web) == 5)
    kill(first)
    wait_until(lambda: first not in web.workers and len(web.workers) == 2)
    (third,) = set(web.workers) - {second}
    send_requests_to(web, second, 1)
    wait_until(lambda: counted_requests(web) == 6)
    send_requests_to(web, third, 4)
    wait_until(lambda: counted_requests(web) == 10)
    wait_until(lambda: metric(web, "headway_request_seconds_count", method="GET", view="favicon") == 10)


def test_metrics_count_streams_and_bytes(web):
    visitor = Visitor(make_user())
    job = Job.objects.create(owner=visitor.user, task="none", label="Waiting forever")
    path = visitor.create_transfer(web, 200_000).path
    before = metric(web, "headway_received_bytes_total")
    visitor.patch(web, path, 0, bytes(100_000))
    wait_until(lambda: metric(web, "headway_received_bytes_total") == before + 100_000)
    visitor.patch(web, path, 100_000, iter([bytes(30_000)] * 2))  # in chunks
    wait_until(lambda: metric(web, "headway_received_bytes_total") == before + 160_000)
    with closing(visitor.open_stream(web, job)) as stream:
        wait_for_event(stream)
        assert metric(web, "headway_open_streams") == 1
    job.delete()  # makes the server write to the stream, so that it detects the disconnect
    wait_until(lambda: metric(web, "headway_open_streams") == 0)


def test_metrics_do_not_count_streams_of_a_killed_process(web):
    visitor = Visitor(make_user())
    job = Job.objects.create(owner=visitor.user, task="none", label="Waiting forever")
    with closing(visitor.open_stream(web, job)) as stream:
        wait_for_event(stream)
        assert metric(web, "headway_open_streams") == 1
        for pid in web.workers:
            kill(pid)
        wait_until(lambda: metric(web, "headway_open_streams") == 0)


def wait_for_event(stream):
    with stream.makefile("rb") as lines:
        assert any(line.startswith(b"event: job") for line in lines)


def test_metrics_are_hidden_from_forged_addresses(web):
    for address in ("203.0.113.6", "127.0.0.1, 203.0.113.6", "203.0.113.6, 127.0.0.1", "unknown"):
        response = send(web, "GET", "/metrics", {"X-Forwarded-For": address})
        assert response.status == 404
        assert b"headway_" not in response.body
    assert metric(web, "headway_database_up") == 1


def test_request_id_is_logged_by_the_web_server_and_by_the_worker(tmp_path, database_url, settings, django_db_blocker):
    settings.SECRET_KEY = KEY  # this process signs the visitor's session
    settings.SESSION_COOKIE_NAME = "__Host-sessionid"  # as in production
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n'
    cluster = Cluster(tmp_path, database_url, **PRODUCTION)
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        stack.enter_context(using_database(database_url))
        web = stack.enter_context(running_web(tmp_path, database_url, **PRODUCTION))
        stack.callback(cluster.stop)
        cluster.start()
        visitor = Visitor(make_user())
        multipart = {"Content_Type": "multipart/form-data; boundary=x", "X_Request_ID": REQUEST_ID}
        response = visitor.send(web, "POST", "/api/uploads/", form, **multipart)
        assert (response.status, response.headers["X-Request-ID"]) == (202, REQUEST_ID)
        job = cluster.wait_for(Job.objects.get(), State.SUCCEEDED)
        (request,) = wait_until(lambda: log_records(web.log, REQUEST_ID))
        assert (request["path"], request["status"], request["user_id"]) == ("/api/uploads/", 202, visitor.user.pk)
        (run,) = wait_until(lambda: log_records(cluster.log, REQUEST_ID))
        assert (run["logger"], run["job_id"], run["attempt"]) == ("progress.worker.runner", str(job.pk), 1)
    assert all(line.startswith("{") for line in web.log.read_text().splitlines())


def log_records(log, request_id):
    """Return the records of a JSON log that contain the request id."""
    records = [json.loads(line) for line in complete_lines(log) if line.startswith("{")]
    return [record for record in records if record.get("request_id") == request_id]
