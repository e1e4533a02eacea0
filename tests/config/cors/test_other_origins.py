"""CORS headers and CSRF protection by origin: for every address, many methods, and many similar origins."""

import pytest
from django.test import Client

from tests.config.test_conventions import OURS, fill
from tests.helpers import PASSWORD

ALLOWED = "https://app.example.test"
OTHER_ORIGINS = {
    "null": "null",
    "another scheme": "http://app.example.test",
    "another port": "https://app.example.test:8443",
    "the default port": "https://app.example.test:443",
    "a suffix": "https://app.example.test.evil.test",
    "a prefix": "https://evil-app.example.test",
    "a sibling domain": "https://other.example.test",
    "the parent domain": "https://example.test",
    "upper case": "https://APP.example.test",
    "the scheme in upper case": "HTTPS://app.example.test",
    "a dot at the end": "https://app.example.test.",
    "a slash at the end": "https://app.example.test/",
    "a user": "https://app.example.test@evil.test",
    "a look-alike": "https://аpp.example.test",
    "a look-alike in ASCII": "https://xn--pp-6kc.example.test",
    "two origins": "https://app.example.test https://evil.test",
    "a space": " https://app.example.test",
    "not a URL": "https://[",
    "an empty header": "",
}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
API = [*(route for route in OURS if route.startswith("/api/")), "/api/nowhere/"]
PAGES = [route for route in OURS if not route.startswith("/api/")]


@pytest.fixture(autouse=True)
def _one_front_end(settings):
    settings.CORS_ALLOWED_ORIGINS = settings.CSRF_TRUSTED_ORIGINS = [ALLOWED]


def cors_headers(response) -> dict[str, str]:
    return {name: value for name, value in response.items() if name.lower().startswith("access-control-")}


def varies_by_origin(response) -> bool:
    return "origin" in response.get("Vary", "").lower().split(", ")


def send(client: Client, method: str, url: str, origin: str | None) -> list:
    """Send a request and its preflight. Return both responses."""
    headers = {} if origin is None else {"Origin": origin}
    preflight = headers | {"Access-Control-Request-Method": method, "Access-Control-Request-Headers": "x-csrftoken"}
    return [client.generic(method, url, headers=headers), client.options(url, headers=preflight)]


def test_api_routes_are_found():
    assert len(API) > 12


@pytest.mark.parametrize("route", API)
def test_cors_headers_contain_exactly_the_allowed_origin(visitor, as_alice, alice, route):
    url = fill(route, alice)
    for method in METHODS:
        for response in [*send(visitor, method, url, ALLOWED), as_alice.options(url, headers={"Origin": ALLOWED})]:
            assert response["Access-Control-Allow-Origin"] == ALLOWED
            assert response["Access-Control-Allow-Credentials"] == "true"
            assert varies_by_origin(response)


@pytest.mark.parametrize("route", API)
def test_other_origins_get_no_cors_headers(visitor, alice, route):
    url = fill(route, alice)
    for origin in [*OTHER_ORIGINS.values(), None]:
        for method in METHODS if origin in ("null", None) else ("GET", "PATCH"):
            for response in send(visitor, method, url, origin):
                assert cors_headers(response) == {}, (origin, method)
                assert varies_by_origin(response)


def test_responses_to_a_logged_in_user_are_readable_only_by_the_allowed_origin(as_alice):
    for url in ("/api/todos/", "/api/uploads/", "/api/todos/0/", "/api/nowhere/"):
        assert as_alice.get(url, headers={"Origin": ALLOWED})["Access-Control-Allow-Origin"] == ALLOWED
        for origin in OTHER_ORIGINS.values():
            assert cors_headers(as_alice.get(url, headers={"Origin": origin})) == {}


@pytest.mark.parametrize("route", PAGES)
def test_pages_have_no_cors_headers(visitor, alice, route):
    url = fill(route, alice)
    for method in ("GET", "POST", "OPTIONS"):
        for response in send(visitor, method, url, ALLOWED):
            assert cors_headers(response) == {}


def test_static_files_are_readable_by_every_origin_without_credentials(visitor, settings):
    """Module scripts of another origin are loaded with CORS and without cookies."""
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True  # as with DEBUG: without collectstatic
    for origin in (ALLOWED, *OTHER_ORIGINS.values()):
        response = visitor.get("/static/progress/progress-bar.js", headers={"Origin": origin})
        assert response.status_code == 200
        assert cors_headers(response) == {"Access-Control-Allow-Origin": "*"}
        response.close()


def test_other_origins_can_change_nothing_even_with_the_token(alice):
    """CORS doesn't stop requests that a form could send, so CSRF protection must."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    token = browser.get("/api/session/").json()["csrf_token"]
    form = {"title": "Written by a stranger", "csrfmiddlewaretoken": token}
    for origin in OTHER_ORIGINS.values():
        for url in ("/api/todos/", "/todos/"):
            assert browser.post(url, form, headers={"Origin": origin, "X-CSRFToken": token}).status_code == 403
    assert not alice.todos.exists()
    headers = {"Origin": ALLOWED, "X-CSRFToken": token}
    body = {"title": "Written by a friend"}
    assert browser.post("/api/todos/", body, content_type="application/json", headers=headers).status_code == 201


FORMS = {
    "/todos/": {"title": "Written by a front end"},
    "/accounts/login/": {"username": "alice", "password": PASSWORD},
    "/accounts/logout/": {},
    "/accounts/password_change/": {"old_password": PASSWORD, "new_password1": "x", "new_password2": "x"},
    "/accounts/password_reset/": {"email": "alice@example.com"},
    "/accounts/signup/": {"username": "eve", "password1": PASSWORD, "password2": PASSWORD},
    "/admin/login/": {"username": "alice", "password": PASSWORD},
    "/admin/auth/user/add/": {"username": "eve", "password1": PASSWORD, "password2": PASSWORD},
}


@pytest.mark.parametrize("sent", ["Origin", "Referer"])
@pytest.mark.parametrize("url", FORMS)
def test_pages_reject_forms_of_front_ends(admin_user, settings, url, sent):
    """The front end knows the token, because it may read /api/session/."""
    settings.ALLOWED_HOSTS = ["app.example.com"]
    browser = Client(enforce_csrf_checks=True, headers={"Host": "app.example.com"})
    browser.force_login(admin_user)
    token = browser.get("/api/session/", secure=True).json()["csrf_token"]
    form = FORMS[url] | {"csrfmiddlewaretoken": token}
    value = ALLOWED if sent == "Origin" else f"{ALLOWED}/index.html"
    assert browser.post(url, form, headers={sent: value}, secure=True).status_code == 403
    own = "https://app.example.com" if sent == "Origin" else "https://app.example.com/todos/"
    assert browser.post(url, form, headers={sent: own}, secure=True).status_code != 403


@pytest.mark.parametrize("headers", [{"Origin": ALLOWED}, {"Referer": f"{ALLOWED}/"}])
def test_api_accepts_requests_of_front_ends(alice, headers):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    headers |= {"X-CSRFToken": browser.get("/api/session/", secure=True).json()["csrf_token"]}
    call = {"content_type": "application/json", "headers": headers, "secure": True}
    assert browser.post("/api/todos/", {"title": "Written by a front end"}, **call).status_code == 201
