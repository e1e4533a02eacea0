"""/api/session/: one log-in for every front end, and the CORS headers that let it in."""

import re
import subprocess

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from tests.helpers import PASSWORD, file, problem
from tests.paths import ROOT

GUIDE = ROOT / "templates/site/guide.md"
GOOD = {"username": "alice", "password": PASSWORD}


@pytest.fixture
def csrf_client(db):
    return Client(enforce_csrf_checks=True)


def token(client) -> dict[str, str]:
    return {"X-CSRFToken": client.get("/api/session/").json()["csrf_token"]}


def log_in(client, credentials=GOOD, **how):
    return client.post("/api/session/", credentials, content_type="application/json", headers=token(client), **how)


def test_a_visitor_is_nobody(csrf_client):
    response = csrf_client.get("/api/session/")
    assert response.json()["user"] is None
    assert response.json()["csrf_token"]
    assert "no-store" in response["Cache-Control"]


def test_logging_in_using_it_and_logging_out(csrf_client, alice):
    assert log_in(csrf_client).json()["user"] == {"username": "alice"}
    assert csrf_client.get("/api/session/").json()["user"] == {"username": "alice"}
    assert csrf_client.post("/api/uploads/", {"file": file()}, headers=token(csrf_client)).status_code == 202
    assert csrf_client.delete("/api/session/", headers=token(csrf_client)).json()["user"] is None
    problem(csrf_client.get("/api/uploads/"), 401)


@pytest.mark.parametrize("path", ["/api/session/", "/api/todos/", "/todos/"])
def test_a_late_answer_to_an_ended_session_does_not_end_the_next_one(csrf_client, alice, path):
    log_in(csrf_client)
    Session.objects.all().delete()
    assert "sessionid" not in csrf_client.get(path).cookies


def test_logging_out_deletes_the_cookie(csrf_client, alice):
    log_in(csrf_client)
    response = csrf_client.delete("/api/session/", headers=token(csrf_client))
    assert response.cookies["sessionid"].value == ""


def test_a_wrong_password(csrf_client, alice):
    response = log_in(csrf_client, {"username": "alice", "password": "wrong"})
    assert "Incorrect username" in problem(response, 401)["detail"]
    assert response["WWW-Authenticate"]


def test_guessing_locks_out(csrf_client, alice):
    for _ in range(4):
        problem(log_in(csrf_client, {"username": "alice", "password": "wrong"}), 401)
    locked = log_in(csrf_client, {"username": "alice", "password": "wrong"})
    problem(locked, 429)
    assert locked["Retry-After"] == "900"
    problem(log_in(csrf_client), 429)


def test_nothing_changes_without_the_token(csrf_client, alice):
    problem(csrf_client.post("/api/session/", GOOD, content_type="application/json"), 403)
    log_in(csrf_client)
    problem(csrf_client.delete("/api/session/"), 403)
    assert csrf_client.get("/api/session/").json()["user"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("{", 400),
        (" ", 400),
        ("[]", 400),
        ("null", 400),
        ('{"username": 1, "password": "x"}', 400),
        ('{"username": {}, "password": []}', 400),
        (b"\xff\xfe", 400),
        ("[" * 100_000, 400),
        ('{"username": "alice"}', 422),
        ('{"username": "", "password": "x"}', 422),
        ('{"username": "a\\u0000", "password": "x"}', 422),
        ('{"username": "\\ud800", "password": "x"}', 400),
    ],
)
def test_a_bad_body_is_refused_with_words(csrf_client, body, status):
    response = csrf_client.post("/api/session/", body, content_type="application/json", headers=token(csrf_client))
    answer = problem(response, status)
    assert ("errors" in answer) == (status == 422)


def test_another_type_is_refused(csrf_client):
    problem(csrf_client.post("/api/session/", GOOD, headers=token(csrf_client)), 415)


def test_other_methods_are_refused(visitor):
    problem(visitor.put("/api/session/"), 405)


def test_an_allowed_origin_gets_the_headers_even_with_an_error(visitor, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://dash.example.com"]
    for url in ("/api/session/", "/api/uploads/", "/api/nowhere/"):
        response = visitor.get(url, headers={"Origin": "https://dash.example.com"})
        assert response["Access-Control-Allow-Origin"] == "https://dash.example.com"
        assert response["Access-Control-Allow-Credentials"] == "true"
        assert "Location" in response["Access-Control-Expose-Headers"]


def test_any_other_origin_gets_none(visitor, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://dash.example.com"]
    for origin in ("https://evil.test", "http://dash.example.com", "https://dash.example.com.evil.test", "null"):
        for url in ("/api/session/", "/todos/"):
            assert "Access-Control-Allow-Origin" not in visitor.get(url, headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in visitor.get("/", headers={"Origin": "https://dash.example.com"})


def test_a_preflight_is_answered_without_a_session(visitor, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://dash.example.com"]
    headers = {
        "Origin": "https://dash.example.com",
        "Access-Control-Request-Method": "DELETE",
        "Access-Control-Request-Headers": "x-csrftoken, content-type",
    }
    response = visitor.options("/api/session/", headers=headers)
    assert response.status_code == 200
    assert "DELETE" in response["Access-Control-Allow-Methods"]
    assert "x-csrftoken" in response["Access-Control-Allow-Headers"]


class TestCsrfFailureOverHttps:
    """Over https, CSRF protection checks where a request comes from before it checks the token."""

    @pytest.fixture
    def detail(self, csrf_client, alice):
        """Send a request with the token and these headers. Return the detail of its 403."""

        def send(**headers: str) -> str:
            sent = {"X-CSRFToken": csrf_client.get("/api/session/", secure=True).json()["csrf_token"]} | headers
            response = csrf_client.post("/api/session/", GOOD, "application/json", headers=sent, secure=True)
            return problem(response, 403)["detail"]

        return send

    @pytest.mark.parametrize("headers", [{}, {"Referer": "nonsense"}, {"Referer": "http://testserver/"}])
    def test_names_the_missing_header_and_not_the_token(self, detail, headers):
        text = detail(**headers)
        assert "Origin: https://testserver" in text
        assert "token" not in text

    @pytest.mark.parametrize("headers", [{"Origin": "https://a.example"}, {"Referer": "https://a.example/"}])
    def test_names_the_setting_for_a_foreign_origin(self, detail, headers):
        text = detail(**headers)
        assert "FRONTEND_ORIGINS" in text
        assert "token" not in text

    def test_blames_a_wrong_token(self, detail):
        assert "csrf_token" in detail(**{"Origin": "https://testserver", "X-CSRFToken": "wrong"})

    @pytest.mark.parametrize("header", ["Origin", "Referer"])
    def test_does_not_happen_with_either_header(self, csrf_client, alice, header):
        sent = {"X-CSRFToken": csrf_client.get("/api/session/", secure=True).json()["csrf_token"]}
        sent[header] = "https://testserver" + ("/" if header == "Referer" else "")
        response = csrf_client.post("/api/session/", GOOD, "application/json", headers=sent, secure=True)
        assert response.status_code == 200


def test_shell_example_in_guide_sends_the_origin_that_https_needs():
    call = re.search(r"^call\(\) \{ (.*) \}$", GUIDE.read_text(), re.MULTILINE)[1]
    script = f'api=https://app.example.com/api; curl() {{ printf "%s\\n" "$@"; }}; {call}'
    sent = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert "Origin: https://app.example.com" in sent.stdout.splitlines()
