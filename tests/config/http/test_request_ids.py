"""A request has an id: the proxy's, or one of our own. It is in the answer, in the log, and in the jobs that follow."""

import io
import json
import logging

import pytest

from config.http.request_log import log_request
from config.ops import logs
from progress import views
from progress.models import Job
from tests.helpers import file, make_job, problem, run_queue
from tests.progress import tasks

GIVEN = "7ff1c5d4b0a24b4f9a3ad1f2d25f4c11"


@pytest.fixture
def logged():
    """What has been logged since the test began, line by line, as production does it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def end(response, sent=0):
    """What the server does when it has sent the answer."""
    log_request(response.wsgi_request.META, response.status_code, sent=sent, received=0)


def test_the_proxys_id_is_kept_and_told(visitor):
    assert visitor.get("/", headers={"X-Request-ID": GIVEN})["X-Request-ID"] == GIVEN


@pytest.mark.parametrize("bad", ["", "short", "x" * 65, "with spaces in it", 'quote"quote"quote', "linefeed\nlinefeed"])
def test_an_id_that_is_none_is_replaced(visitor, bad):
    made = [visitor.get("/nowhere/", headers={"X-Request-ID": bad})["X-Request-ID"] for _ in range(2)]
    assert bad not in made
    assert len(set(made)) == 2
    assert all(len(each) == 32 for each in made)


def test_scripts_of_other_origins_can_read_it(visitor):
    answer = visitor.get("/api/session/", headers={"Origin": "http://localhost:8001"})
    assert "X-Request-ID" in answer["Access-Control-Expose-Headers"].split(", ")


def test_what_is_our_own_fault_names_it_for_who_reports_it(as_alice, alice, monkeypatch, settings):
    settings.DEBUG = False
    as_alice.raise_request_exception = False
    monkeypatch.setattr(views, "render", None)
    monkeypatch.setattr("progress.api.as_json", None)
    job = make_job(owner=alice)
    answer = as_alice.get(f"/api/progress/{job.pk}/", headers={"X-Request-ID": GIVEN})
    assert problem(answer, 500)["request_id"] == GIVEN
    page = as_alice.get(f"/progress/{job.pk}/", headers={"X-Request-ID": GIVEN})
    assert page.status_code == 500
    assert GIVEN in page.text


def test_a_job_keeps_the_id_and_its_worker_logs_under_it(as_alice, logged):
    as_alice.post("/api/uploads/", {"file": file()}, headers={"X-Request-ID": GIVEN})
    job = Job.objects.get()
    assert job.request_id == GIVEN
    as_alice.get("/", headers={"X-Request-ID": "of-another-request"})
    run_queue()
    (line,) = [line for line in logged() if line["logger"] == "progress.worker.runner"]
    assert (line["request_id"], line["job_id"], line["attempt"]) == (GIVEN, str(job.pk), 1)
    assert line["message"].endswith("attempt 1 of 3: succeeded")
    assert line["seconds"] > 0


def test_an_exception_is_one_field_of_a_line_that_names_the_attempt(alice, logged):
    job = tasks.fail.enqueue(owner=alice)
    run_queue()
    failures = [line for line in logged() if "exception" in line]
    assert [(line["job_id"], line["attempt"]) for line in failures] == [(str(job.pk), number) for number in (1, 2, 3)]
    assert "Traceback" in failures[0]["exception"]
    assert "RuntimeError" in failures[0]["exception"]
    ends = [line["message"].rpartition(": ")[2] for line in logged() if "exception" not in line]
    assert ends == ["queued", "queued", "failed"]


def test_a_request_is_one_line_that_tells_no_secret(as_alice, alice, logged):
    end(as_alice.get("/todos/?q=secret", headers={"X-Request-ID": GIVEN}), sent=1234)
    (line,) = logged()
    assert 0 < line.pop("seconds") < 600
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "config.http.request_log",
        "message": "GET /todos/ 200",
        "request_id": GIVEN,
        "method": "GET",
        "path": "/todos/",
        "view": "todos:index",
        "status": 200,
        "user_id": alice.pk,
        "bytes": 1234,
    }


SECRET_PATHS = [
    "/accounts/reset/MQ/c0ffee-secret/",
    "/accounts/reset/MQ/c0ffee-secret",
    "/accounts/reset/MQ/c0ffee-secret/more",
    "/accounts/reset//MQ//c0ffee-secret/",
]


@pytest.mark.parametrize("path", SECRET_PATHS)
@pytest.mark.parametrize("method", ["get", "put"])
def test_log_has_no_token_of_a_password_reset(visitor, logged, method, path):
    end(getattr(visitor, method)(path))
    lines = logged()
    assert lines[-1]["path"].startswith("/accounts/reset/")
    assert "…" in lines[-1]["path"]
    assert "secret" not in json.dumps(lines)


@pytest.mark.parametrize("formatter", ["json", "text"])
def test_log_line_has_no_character_that_acts_on_a_terminal(formatter):
    shown = "h\u00f6lly \u6f22 \U0001f600"
    acting = "\x00\x07\x1b[31m\x7f\x9b\u00ad\u200b\u202e\u2028\u2066\ufeff\U000e0041\ud800\n\r"
    error = ValueError(acting)
    record = logging.makeLogRecord({"msg": f"{shown} {acting}", "exc_info": (ValueError, error, None), "path": acting})
    handler = logs.configuration(as_json=formatter == "json")["formatters"][formatter]
    line = {"json": logs.JsonLines, "text": lambda: logs.TextLines(handler["format"], style="{")}[formatter]().format(
        record
    )
    assert line.replace("\n", "").isprintable()
    assert shown in line
    if formatter == "json":
        assert json.loads(line)["message"] == f"{shown} {acting}"
    else:
        assert line.count("\n") == 2  # the message, and the exception by its two lines


def test_a_user_is_named_only_if_the_view_asked_who_it_is(as_alice, alice, logged):
    end(as_alice.get("/nowhere/"))
    end(as_alice.get("/uploads/"))
    assert [line.get("user_id") for line in logged() if "view" in line] == [None, alice.pk]


def test_what_machines_ask_every_few_seconds_is_logged_only_when_it_fails(visitor, logged):
    end(visitor.get("/metrics"))
    assert logged() == []
    end(visitor.get("/healthz/"))  # no worker has reported
    assert [line["status"] for line in logged() if "view" in line] == [503]


def test_what_libraries_attach_to_a_line_stays_in():
    record = logging.makeLogRecord({"msg": "Not Found", "request": "GET /?token=secret", "status": 404})
    assert "secret" not in logs.JsonLines().format(record)
    assert json.loads(logs.JsonLines().format(record))["status"] == 404


def test_what_the_server_itself_refused_is_none_of_our_lines(logged):
    log_request({"REQUEST_METHOD": "GET"}, 400, sent=0, received=0)
    assert logged() == []
