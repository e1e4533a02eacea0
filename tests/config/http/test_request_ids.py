"""Request ids in responses, log lines and jobs, and the lines of the request log."""

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

REQUEST_ID = "7ff1c5d4b0a24b4f9a3ad1f2d25f4c11"


@pytest.fixture
def log_lines():
    """Yield a function that parses the JSON lines logged so far."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.JsonLines())
    logging.getLogger().addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().removeHandler(handler)


def log_response(response, sent=0):
    """Log the request, as gunicorn does when it has sent the response."""
    log_request(response.wsgi_request.META, response.status_code, sent=sent, received=0)


def test_request_id_of_the_proxy_is_returned(visitor):
    assert visitor.get("/", headers={"X-Request-ID": REQUEST_ID})["X-Request-ID"] == REQUEST_ID


@pytest.mark.parametrize(
    "request_id", ["", "short", "x" * 65, "with spaces in it", 'quote"quote"quote', "linefeed\nlinefeed"]
)
def test_invalid_request_id_is_replaced(visitor, request_id):
    ids = [visitor.get("/nowhere/", headers={"X-Request-ID": request_id})["X-Request-ID"] for _ in range(2)]
    assert request_id not in ids
    assert len(set(ids)) == 2
    assert all(len(each) == 32 for each in ids)


def test_other_origins_can_read_the_request_id(visitor):
    response = visitor.get("/api/session/", headers={"Origin": "http://localhost:8001"})
    assert "X-Request-ID" in response["Access-Control-Expose-Headers"].split(", ")


def test_500_contains_the_request_id(as_alice, alice, monkeypatch, settings):
    settings.DEBUG = False
    as_alice.raise_request_exception = False
    monkeypatch.setattr(views, "render", None)
    monkeypatch.setattr("progress.api.as_json", None)
    job = make_job(owner=alice)
    response = as_alice.get(f"/api/progress/{job.pk}/", headers={"X-Request-ID": REQUEST_ID})
    assert problem(response, 500)["request_id"] == REQUEST_ID
    page = as_alice.get(f"/progress/{job.pk}/", headers={"X-Request-ID": REQUEST_ID})
    assert page.status_code == 500
    assert REQUEST_ID in page.text


def test_job_stores_the_request_id_and_its_worker_logs_it(as_alice, log_lines):
    as_alice.post("/api/uploads/", {"file": file()}, headers={"X-Request-ID": REQUEST_ID})
    job = Job.objects.get()
    assert job.request_id == REQUEST_ID
    as_alice.get("/", headers={"X-Request-ID": "of-another-request"})
    run_queue()
    (line,) = [line for line in log_lines() if line["logger"] == "progress.worker.runner"]
    assert (line["request_id"], line["job_id"], line["attempt"]) == (REQUEST_ID, str(job.pk), 1)
    assert line["message"].endswith("attempt 1 of 3: succeeded")
    assert line["seconds"] > 0


def test_logged_exception_has_job_id_and_attempt(alice, log_lines):
    job = tasks.fail.enqueue(owner=alice)
    run_queue()
    failures = [line for line in log_lines() if "exception" in line]
    assert [(line["job_id"], line["attempt"]) for line in failures] == [(str(job.pk), number) for number in (1, 2, 3)]
    assert "Traceback" in failures[0]["exception"]
    assert "RuntimeError" in failures[0]["exception"]
    states = [line["message"].rpartition(": ")[2] for line in log_lines() if "exception" not in line]
    assert states == ["queued", "queued", "failed"]


def test_request_log_omits_query_string(as_alice, alice, log_lines):
    log_response(as_alice.get("/todos/?q=secret", headers={"X-Request-ID": REQUEST_ID}), sent=1234)
    (line,) = log_lines()
    assert 0 < line.pop("seconds") < 600
    assert line.pop("time").endswith("+00:00")
    assert line == {
        "level": "INFO",
        "logger": "config.http.request_log",
        "message": "GET /todos/ 200",
        "request_id": REQUEST_ID,
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
def test_log_omits_password_reset_token(visitor, log_lines, method, path):
    log_response(getattr(visitor, method)(path))
    lines = log_lines()
    assert lines[-1]["path"].startswith("/accounts/reset/")
    assert "…" in lines[-1]["path"]
    assert "secret" not in json.dumps(lines)


@pytest.mark.parametrize("formatter", ["json", "text"])
def test_log_line_escapes_unprintable_characters(formatter):
    printable = "h\u00f6lly \u6f22 \U0001f600"
    unprintable = "\x00\x07\x1b[31m\x7f\x9b\u00ad\u200b\u202e\u2028\u2066\ufeff\U000e0041\ud800\n\r"
    error = ValueError(unprintable)
    message = f"{printable} {unprintable}"
    record = logging.makeLogRecord({"msg": message, "exc_info": (ValueError, error, None), "path": unprintable})
    handler = logs.configuration(as_json=formatter == "json")["formatters"][formatter]
    line = {"json": logs.JsonLines, "text": lambda: logs.TextLines(handler["format"], style="{")}[formatter]().format(
        record
    )
    assert line.replace("\n", "").isprintable()
    assert printable in line
    if formatter == "json":
        assert json.loads(line)["message"] == message
    else:
        assert line.count("\n") == 2  # the message and two lines of the exception


def test_request_log_has_user_id_only_if_view_loaded_user(as_alice, alice, log_lines):
    log_response(as_alice.get("/nowhere/"))
    log_response(as_alice.get("/uploads/"))
    assert [line.get("user_id") for line in log_lines() if "view" in line] == [None, alice.pk]


def test_polled_views_are_logged_only_if_they_fail(visitor, log_lines):
    log_response(visitor.get("/metrics"))
    assert log_lines() == []
    log_response(visitor.get("/healthz/"))  # fails, because there is no worker
    assert [line["status"] for line in log_lines() if "view" in line] == [503]


def test_other_attributes_of_log_records_are_omitted():
    record = logging.makeLogRecord({"msg": "Not Found", "request": "GET /?token=secret", "status": 404})
    assert "secret" not in logs.JsonLines().format(record)
    assert json.loads(logs.JsonLines().format(record))["status"] == 404


def test_request_rejected_by_gunicorn_is_not_logged(log_lines):
    log_request({"REQUEST_METHOD": "GET"}, 400, sent=0, received=0)
    assert log_lines() == []
