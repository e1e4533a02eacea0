"""/api/session/: login, logout and CSRF token for front ends, and its CORS headers."""

import re
import subprocess

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from tests.helpers import PASSWORD, file, problem
from tests.paths import ROOT

GUIDE = ROOT / "templates/site/guide.md"
CREDENTIALS = {"username": "alice", "password": PASSWORD}


@pytest.fixture
def csrf_client(db):
    return Client(enforce_csrf_checks=True)


def token(client) -> dict[str, str]:
    return {"X-CSRFToken": client.get("/api/session/").json()["csrf_token"]}


def log_in(client, credentials=CREDENTIALS, **options):
    return client.post("/api/session/", credentials, content_type="application/json", headers=token(client), **options)


def test_visitor_has_no_user_but_a_token(csrf_client):
    response = csrf_client.get("/api/session/")
    assert response.json()["user"] is None
    assert response.json()["csrf_token"]
    assert "no-store" in response["Cache-Control"]


def test_login_and_logout(csrf_client, alice):
    assert log_in(csrf_client).json()["user"] == {"username": "alice"}
    assert csrf_client.get("/api/session/").json()["user"] == {"username": "alice"}
    assert csrf_client.post("/api/uploads/", {"file": file()}, headers=token(csrf_client)).status_code == 202
    assert csrf_client.delete("/api/session/", headers=token(csrf_client)).json()["user"] is None
    problem(csrf_client.get("/api/uploads/"), 401)


@pytest.mark.parametrize("path", ["/api/session/", "/api/todos/", "/todos/"])
def test_response_to_an_ended_session_does_not_delete_the_cookie(csrf_client, alice, path):
    log_in(csrf_client)
    Session.objects.all().delete()
    assert "sessionid" not in csrf_client.get(path).cookies


def test_logout_deletes_the_cookie(csrf_client, alice):
    log_in(csrf_client)
    response = csrf_client.delete("/api/session/", headers=token(csrf_client))
    assert response.cookies["sessionid"].value == ""


def test_wrong_password_returns_401(csrf_client, alice):
    response = log_in(csrf_client, {"username": "alice", "password": "wrong"})
    assert "Incorrect username" in problem(response, 401)["detail"]
    assert response["WWW-Authenticate"]


def test_fifth_wrong_password_returns_429(csrf_client, alice):
    for _ in range(4):
        problem(log_in(csrf_client, {"username": "alice", "password": "wrong"}), 401)
    locked = log_in(csrf_client, {"username": "alice", "password": "wrong"})
    problem(locked, 429)
    assert locked["Retry-After"] == "900"
    problem(log_in(csrf_client), 429)


def test_requests_without_the_token_return_403(csrf_client, alice):
    problem(csrf_client.post("/api/session/", CREDENTIALS, content_type="application/json"), 403)
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
def test_invalid_body_is_a_problem(csrf_client, body, status):
    response = csrf_client.post("/api/session/", body, content_type="application/json", headers=token(csrf_client))
    document = problem(response, status)
    assert ("errors" in document) == (status == 422)


def test_body_of_another_type_returns_415(csrf_client):
    problem(csrf_client.post("/api/session/", CREDENTIALS, headers=token(csrf_client)), 415)


def test_other_methods_return_405(visitor):
    problem(visitor.put("/api/session/"), 405)


def test_allowed_origin_gets_cors_headers_even_for_errors(visitor, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://dash.example.com"]
    for url in ("/api/session/", "/api/uploads/", "/api/nowhere/"):
        response = visitor.get(url, headers={"Origin": "https://dash.example.com"})
        assert response["Access-Control-Allow-Origin"] == "https://dash.example.com"
        assert response["Access-Control-Allow-Credentials"] == "true"
        assert "Location" in response["Access-Control-Expose-Headers"]


def test_other_origins_get_no_cors_headers(visitor, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://dash.example.com"]
    for origin in ("https://evil.test", "http://dash.example.com", "https://dash.example.com.evil.test", "null"):
        for url in ("/api/session/", "/todos/"):
            assert "Access-Control-Allow-Origin" not in visitor.get(url, headers={"Origin": origin})
    assert "Access-Control-Allow-Origin" not in visitor.get("/", headers={"Origin": "https://dash.example.com"})


def test_preflight_needs_no_session(visitor, settings):
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
    """CSRF failures over https, where Django checks the origin or the referrer before the token."""

    @pytest.fixture
    def detail(self, csrf_client, alice):
        """Send a request with the token and these headers. Return the detail of its 403."""

        def send(**headers: str) -> str:
            sent = {"X-CSRFToken": csrf_client.get("/api/session/", secure=True).json()["csrf_token"]} | headers
            response = csrf_client.post("/api/session/", CREDENTIALS, "application/json", headers=sent, secure=True)
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

    def test_names_the_token_if_it_is_wrong(self, detail):
        assert "csrf_token" in detail(**{"Origin": "https://testserver", "X-CSRFToken": "wrong"})

    @pytest.mark.parametrize("header", ["Origin", "Referer"])
    def test_either_header_is_sufficient(self, csrf_client, alice, header):
        sent = {"X-CSRFToken": csrf_client.get("/api/session/", secure=True).json()["csrf_token"]}
        sent[header] = "https://testserver" + ("/" if header == "Referer" else "")
        response = csrf_client.post("/api/session/", CREDENTIALS, "application/json", headers=sent, secure=True)
        assert response.status_code == 200


def test_guide_shell_example_sends_the_origin_required_by_https():
    call = re.search(r"^call\(\) \{ (.*) \}$", GUIDE.read_text(), re.MULTILINE)[1]
    script = f'api=https://app.example.com/api; curl() {{ printf "%s\\n" "$@"; }}; {call}'
    sent = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True)
    assert "Origin: https://app.example.com" in sent.stdout.splitlines()
