"""What real processes tell of what they do: figures that add up, and one id from a request to the end of its job."""

import json
import signal
from contextlib import ExitStack, closing

import pytest
from prometheus_client.parser import text_string_to_metric_families

from progress.models import Job, State
from tests.faults.cluster import Cluster, kill, wait_until
from tests.faults.conftest import looking_into
from tests.faults.web import Visitor, ask, make_user, running_web
from tests.helpers import complete_lines

KEY = "a key for this test alone, and longer than fifty characters"
PRODUCTION = {"DEBUG": "false", "SECRET_KEY": KEY, "ALLOWED_HOSTS": "localhost"}
GIVEN = "7ff1c5d4b0a24b4f9a3ad1f2d25f4c11"

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def web(tmp_path, database_url, django_db_blocker):
    """Two processes; one that a test has frozen is not given up."""
    more = {"WEB_CONCURRENCY": "2", "GUNICORN_CMD_ARGS": "--timeout 600"}
    with django_db_blocker.unblock(), looking_into(database_url), running_web(tmp_path, database_url, **more) as web:
        wait_until(lambda: len(web.workers) == 2)
        yield web


def figure(web, name, **labels):
    """The value of that sample, or 0 if there is none."""
    answer = ask(web, "GET", "/metrics", {})
    assert answer.status == 200
    families = text_string_to_metric_families(answer.body.decode())
    found = [each.value for family in families for each in family.samples if each[:2] == (name, labels)]
    return found[0] if found else 0


def visits(web):
    return figure(web, "headway_requests_total", method="GET", view="favicon", status="302")


def visit_with(web, pid, times):
    """Be served by this process alone."""
    others = [other for other in web.workers if other != pid]
    for other in others:
        kill(other, signal.SIGSTOP)
    for _ in range(times):
        assert ask(web, "GET", "/favicon.ico", {}).status == 302
    for other in others:
        kill(other, signal.SIGCONT)


def test_the_figures_of_all_processes_add_up_also_of_one_that_has_died(web):
    first, second = web.workers
    visit_with(web, first, 2)
    visit_with(web, second, 3)
    wait_until(lambda: visits(web) == 5)
    kill(first)
    wait_until(lambda: first not in web.workers and len(web.workers) == 2)
    (third,) = set(web.workers) - {second}
    visit_with(web, second, 1)
    wait_until(lambda: visits(web) == 6)
    visit_with(web, third, 4)
    wait_until(lambda: visits(web) == 10)
    wait_until(lambda: figure(web, "headway_request_seconds_count", method="GET", view="favicon") == 10)


def test_streams_and_bytes_are_counted(web):
    visitor = Visitor(make_user())
    job = Job.objects.create(owner=visitor.user, task="none", label="Waiting for ever")
    path = visitor.begin(web, 200_000).path
    before = figure(web, "headway_received_bytes_total")
    visitor.patch(web, path, 0, bytes(100_000))
    wait_until(lambda: figure(web, "headway_received_bytes_total") == before + 100_000)
    visitor.patch(web, path, 100_000, iter([bytes(30_000)] * 2))  # in chunks
    wait_until(lambda: figure(web, "headway_received_bytes_total") == before + 160_000)
    with closing(visitor.stream(web, job)) as stream:
        wait_for_event(stream)
        assert figure(web, "headway_open_streams") == 1
    job.delete()  # so that the server has something to say, and learns that nobody is there
    wait_until(lambda: figure(web, "headway_open_streams") == 0)


def test_the_streams_of_a_process_end_with_it(web):
    visitor = Visitor(make_user())
    job = Job.objects.create(owner=visitor.user, task="none", label="Waiting for ever")
    with closing(visitor.stream(web, job)) as stream:
        wait_for_event(stream)
        assert figure(web, "headway_open_streams") == 1
        for pid in web.workers:
            kill(pid)
        wait_until(lambda: figure(web, "headway_open_streams") == 0)


def wait_for_event(stream):
    with stream.makefile("rb") as lines:
        assert any(line.startswith(b"event: job") for line in lines)


def test_an_outsider_is_told_nothing_whatever_it_forges(web):
    for forged in ("6.6.6.6", "127.0.0.1, 6.6.6.6", "6.6.6.6, 127.0.0.1", "unknown"):
        answer = ask(web, "GET", "/metrics", {"X-Forwarded-For": forged})
        assert answer.status == 404
        assert b"headway_" not in answer.body
    assert figure(web, "headway_database_up") == 1


def test_an_id_goes_from_the_request_to_the_line_of_the_worker(tmp_path, database_url, settings, django_db_blocker):
    settings.SECRET_KEY = KEY  # this process signs the visitor's session
    settings.SESSION_COOKIE_NAME = "__Host-sessionid"  # as in production
    form = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--x--\r\n'
    cluster = Cluster(tmp_path, database_url, **PRODUCTION)
    with ExitStack() as stack:
        stack.enter_context(django_db_blocker.unblock())
        stack.enter_context(looking_into(database_url))
        web = stack.enter_context(running_web(tmp_path, database_url, **PRODUCTION))
        stack.callback(cluster.stop)
        cluster.start()
        visitor = Visitor(make_user())
        multipart = {"Content_Type": "multipart/form-data; boundary=x", "X_Request_ID": GIVEN}
        answer = visitor.ask(web, "POST", "/api/uploads/", form, **multipart)
        assert (answer.status, answer.headers["X-Request-ID"]) == (202, GIVEN)
        job = cluster.wait_for(Job.objects.get(), State.SUCCEEDED)
        (asked,) = wait_until(lambda: lines(web.log, GIVEN))
        assert (asked["path"], asked["status"], asked["user_id"]) == ("/api/uploads/", 202, visitor.user.pk)
        (done,) = wait_until(lambda: lines(cluster.log, GIVEN))
        assert (done["logger"], done["job_id"], done["attempt"]) == ("progress.worker.runner", str(job.pk), 1)
    assert all(line.startswith("{") for line in web.log.read_text().splitlines())


def lines(log, request_id):
    """Return the records of this request."""
    found = [json.loads(line) for line in complete_lines(log) if line.startswith("{")]
    return [line for line in found if line.get("request_id") == request_id]
