"""Error responses: problem documents under /api/, pages elsewhere, without secrets."""

import pytest
from django.core.exceptions import PermissionDenied, TooManyFieldsSent
from django.http import Http404, HttpResponse

from config.http import errors
from progress import views
from tests.helpers import make_job, problem
from uploads.storage.directory import StorageUnavailable


@pytest.fixture
def break_job_views(monkeypatch, as_alice, alice):
    """Return a function that makes the views of a job raise an error and returns their URLs."""
    as_alice.raise_request_exception = False

    def prepare(error):
        def render(*args, **kwargs):
            raise error

        monkeypatch.setattr(views, "render", render)
        monkeypatch.setattr("progress.api.as_json", render)
        job = make_job(owner=alice)
        return f"/progress/{job.pk}/", f"/api/progress/{job.pk}/"

    return prepare


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("/secret/path"), 500),
        (ValueError("SELECT secret"), 500),
        (Http404("secret"), 404),
        (PermissionDenied("You may not."), 403),
        (TooManyFieldsSent("too many"), 400),
        (StorageUnavailable("http://secret"), 503),
    ],
)
def test_view_exception_returns_its_status_without_details(as_alice, break_job_views, settings, debug, error, status):
    settings.DEBUG = debug
    page_url, api_url = break_job_views(error)
    for accept in ("text/html", "application/json"):
        response = as_alice.get(api_url, headers={"Accept": accept})
        problem(response, status)
        assert "secret" not in response.text
        assert "Traceback" not in response.text
    page = as_alice.get(page_url)
    assert page.status_code == status
    if status in (403, 404, 503) or not debug:
        assert "Go to the home page" in page.text
        assert "secret" not in page.text


@pytest.mark.parametrize("debug", [False, True])
def test_unknown_url_returns_404(visitor, settings, debug):
    settings.DEBUG = debug
    page = visitor.get("/nowhere/")
    assert page.status_code == 404
    assert "There is nothing at this address" in page.text
    assert "Go to the home page" in page.text
    problem(visitor.get("/api/nowhere/"), 404)


@pytest.mark.parametrize("debug", [False, True])
def test_api_url_without_trailing_slash_returns_404_with_correct_url(visitor, settings, debug):
    settings.DEBUG = debug
    for method in ("get", "post", "put", "delete"):
        assert "/api/uploads/" in problem(getattr(visitor, method)("/api/uploads"), 404)["detail"]
    assert visitor.get("/todos")["Location"] == "/todos/"


def test_405_response_lists_allowed_methods(as_alice):
    response = as_alice.put("/todos/")
    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD, POST"
    assert "Go to the home page" in response.text


def test_unknown_host_returns_400(visitor):
    assert visitor.get("/", headers={"Host": "evil.test"}).status_code == 400
    problem(visitor.get("/api/session/", headers={"Host": "evil.test"}), 400)


def test_error_page_needs_no_session(visitor, monkeypatch, settings):
    visitor.raise_request_exception = False
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", lambda self: 1 / 0)
    visitor.cookies["sessionid"] = "x" * 32
    page = visitor.get("/todos/")
    assert page.status_code == 500
    assert "Something went wrong on the server" in page.text


def test_error_response_rendered_by_a_view_is_unchanged(as_alice):
    assert as_alice.post("/todos/", {"title": ""}).status_code == 422
    assert "What needs to be done?" in as_alice.post("/todos/", {"title": ""}).text


def test_problem_document_supports_status_without_reason_phrase():
    assert errors.problem_document(460, "Checksum mismatch.").status_code == 460


def test_error_response_keeps_headers_and_cookies(as_alice, alice, monkeypatch):
    def fail(*args):
        response = HttpResponse("Later.", status=503, headers={"Retry-After": "5"})
        response.set_cookie("flavour", "vanilla")
        return response

    monkeypatch.setattr(views, "render", fail)
    job = make_job(owner=alice)
    response = as_alice.get(f"/progress/{job.pk}/")
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert response.cookies["flavour"].value == "vanilla"
    assert int(response["Content-Length"]) == len(response.content)
    assert "X-Frame-Options" in response


@pytest.mark.parametrize("url", ["/", "/nowhere/", "/accounts/login/", "/healthz/"])
def test_content_security_policy_disallows_unsafe_sources(visitor, url):
    policy = visitor.get(url)["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
