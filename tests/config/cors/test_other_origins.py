"""The table of origins: who gets CORS headers, on every address of the API and by every verb; and who gets none."""

import pytest
from django.test import Client

from tests.config.test_conventions import OURS, fill
from tests.helpers import PASSWORD

ALLOWED = "https://app.example.test"
STRANGERS = {
    "null": "null",
    "another scheme": "http://app.example.test",
    "another port": "https://app.example.test:8443",
    "the usual port, spelled out": "https://app.example.test:443",
    "a suffix": "https://app.example.test.evil.test",
    "a prefix": "https://evil-app.example.test",
    "a sibling": "https://other.example.test",
    "the domain above": "https://example.test",
    "upper case": "https://APP.example.test",
    "the scheme in upper case": "HTTPS://app.example.test",
    "a dot at the end": "https://app.example.test.",
    "a slash at the end": "https://app.example.test/",
    "a user": "https://app.example.test@evil.test",
    "a look-alike": "https://аpp.example.test",
    "a look-alike in ASCII": "https://xn--pp-6kc.example.test",
    "two": "https://app.example.test https://evil.test",
    "a space": " https://app.example.test",
    "not a URL": "https://[",
    "nothing": "",
}
VERBS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
API = [*(route for route in OURS if route.startswith("/api/")), "/api/nowhere/"]
PAGES = [route for route in OURS if not route.startswith("/api/")]


@pytest.fixture(autouse=True)
def _one_front_end(settings):
    settings.CORS_ALLOWED_ORIGINS = settings.CSRF_TRUSTED_ORIGINS = [ALLOWED]


def cors_headers(response) -> dict[str, str]:
    return {name: value for name, value in response.items() if name.lower().startswith("access-control-")}


def varies_by_origin(response) -> bool:
    return "origin" in response.get("Vary", "").lower().split(", ")


def ask(client: Client, verb: str, url: str, origin: str | None) -> list:
    """The call, and the preflight for it."""
    headers = {} if origin is None else {"Origin": origin}
    preflight = headers | {"Access-Control-Request-Method": verb, "Access-Control-Request-Headers": "x-csrftoken"}
    return [client.generic(verb, url, headers=headers), client.options(url, headers=preflight)]


def test_the_api_is_in_the_table():
    assert len(API) > 12


@pytest.mark.parametrize("route", API)
def test_the_allowed_origin_gets_exactly_itself(visitor, as_alice, alice, route):
    url = fill(route, alice)
    for verb in VERBS:
        for response in [*ask(visitor, verb, url, ALLOWED), as_alice.options(url, headers={"Origin": ALLOWED})]:
            assert response["Access-Control-Allow-Origin"] == ALLOWED
            assert response["Access-Control-Allow-Credentials"] == "true"
            assert varies_by_origin(response)


@pytest.mark.parametrize("route", API)
def test_no_other_gets_anything(visitor, alice, route):
    url = fill(route, alice)
    for origin in [*STRANGERS.values(), None]:
        for verb in VERBS if origin in ("null", None) else ("GET", "PATCH"):
            for response in ask(visitor, verb, url, origin):
                assert cors_headers(response) == {}, (origin, verb)
                assert varies_by_origin(response)


def test_what_alice_may_read_only_the_allowed_origin_may_read(as_alice):
    for url in ("/api/todos/", "/api/uploads/", "/api/todos/0/", "/api/nowhere/"):
        assert as_alice.get(url, headers={"Origin": ALLOWED})["Access-Control-Allow-Origin"] == ALLOWED
        for origin in STRANGERS.values():
            assert cors_headers(as_alice.get(url, headers={"Origin": origin})) == {}


@pytest.mark.parametrize("route", PAGES)
def test_nothing_but_the_api_is_for_other_origins(visitor, alice, route):
    url = fill(route, alice)
    for verb in ("GET", "POST", "OPTIONS"):
        for response in ask(visitor, verb, url, ALLOWED):
            assert cors_headers(response) == {}


def test_static_files_are_for_everybody_and_without_credentials(visitor, settings):
    """A module script of another origin is loaded by CORS, without cookies."""
    settings.WHITENOISE_USE_FINDERS = settings.WHITENOISE_AUTOREFRESH = True  # as with DEBUG: nothing is collected
    for origin in (ALLOWED, *STRANGERS.values()):
        response = visitor.get("/static/progress/progress-bar.js", headers={"Origin": origin})
        assert response.status_code == 200
        assert cors_headers(response) == {"Access-Control-Allow-Origin": "*"}
        response.close()


def test_a_stranger_can_change_nothing_even_with_the_token(alice):
    """What a form could send arrives, whatever CORS says: here CSRF protection says no."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    token = browser.get("/api/session/").json()["csrf_token"]
    form = {"title": "Written by a stranger", "csrfmiddlewaretoken": token}
    for origin in STRANGERS.values():
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
def test_pages_refuse_forms_of_front_ends(admin_user, settings, url, sent):
    """The front end knows the token, since it may read /api/session/."""
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
def test_api_accepts_calls_of_front_ends(alice, headers):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    headers |= {"X-CSRFToken": browser.get("/api/session/", secure=True).json()["csrf_token"]}
    call = {"content_type": "application/json", "headers": headers, "secure": True}
    assert browser.post("/api/todos/", {"title": "Written by a front end"}, **call).status_code == 201
