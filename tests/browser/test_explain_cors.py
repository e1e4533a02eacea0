"""explain_cors agrees with Chromium in valid and invalid configurations, and other origins can't use the API."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import override_settings
from playwright.sync_api import Page

from config.cors.explain import explain
from config.cors.explanation import Call, Explanation
from config.cors.fetch_rules import normalize_method
from config.cors.origins import Origin
from config.cors.probe import InProcessProbe
from config.cors.site_cookies import session_cookie
from tests.browser.two_origins import MARK, Servers, two_origins
from tests.helpers import PASSWORD, make_todo

pytestmark = pytest.mark.xdist_group("explain_cors")  # one Chromium and one test database

APP, DASH = "https://app.example.test", "https://dash.example.test"
OTHER_SITE = "https://dash.other.test"
HTTP, LOCAL, NUMBER = "http://dash.example.test", "http://localhost:8080", "http://127.0.0.1:8080"
UK_APP, UK_DASH = "https://app.example.co.uk", "https://dash.example.co.uk"
PAGES_APP, PAGES_DASH = "https://app.github.io", "https://dash.github.io"
JSON_AND_TOKEN = {"Content-Type": "application/json", "X-CSRFToken": ""}
VALID_SETTINGS = {
    "ALLOWED_HOSTS": [".example.test", "localhost", "app.github.io", "app.example.co.uk"],
    "CORS_ALLOWED_ORIGINS": [DASH],
    "CSRF_TRUSTED_ORIGINS": [DASH],
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
}


def front_end(*origins: str, **settings: Any) -> dict:
    return {"CORS_ALLOWED_ORIGINS": list(origins), "CSRF_TRUSTED_ORIGINS": list(origins), **settings}


def insecure(**settings: Any) -> dict:
    return {"SESSION_COOKIE_SECURE": False, "CSRF_COOKIE_SECURE": False, **settings}


NONE = {"SESSION_COOKIE_SAMESITE": "None", "CSRF_COOKIE_SAMESITE": "None"}
HOST, SECURE = {"SESSION_COOKIE_NAME": "__Host-sessionid"}, {"SESSION_COOKIE_NAME": "__Secure-sessionid"}
UK, GITHUB = front_end(UK_DASH), front_end(PAGES_DASH)


@dataclass
class Case:
    """A request from a page, with changed settings. `expected` has the true ones of: sent session accepted readable."""

    name: str
    expected: str
    settings: dict = field(default_factory=dict)
    origin: str = DASH
    site: str = APP
    method: str = "GET"
    headers: dict[str, str] | None = None
    page: str = ""

    def __post_init__(self) -> None:
        if self.headers is None:
            self.headers = {} if self.method == "GET" else JSON_AND_TOKEN
        self.page = self.page or f"{self.origin}/page"


def write(name: str, expected: str, settings: dict | None = None, **more: Any) -> Case:
    return Case(name, expected, settings or {}, method=more.pop("method", "PATCH"), **more)


WORKS = "sent session accepted readable"
CASES = [
    # Working configurations
    Case("read", WORKS),
    write("write", WORKS),
    write("write, with a session shared by all subdomains", WORKS, {"SESSION_COOKIE_DOMAIN": "example.test"}),
    write("a session that isn't shared with the page's host", WORKS, {"SESSION_COOKIE_DOMAIN": "app.example.test"}),
    write("add", WORKS, method="POST"),
    write("its own origin", WORKS, front_end(), origin=APP),
    Case("another port is another origin", WORKS, front_end(f"{DASH}:8443"), origin=f"{DASH}:8443"),
    write("SameSite=Strict", WORKS, {"SESSION_COOKIE_SAMESITE": "Strict", "CSRF_COOKIE_SAMESITE": "Strict"}),
    write("no SameSite is Lax", WORKS, {"SESSION_COOKIE_SAMESITE": False, "CSRF_COOKIE_SAMESITE": False}),
    write("__Host- and no Domain", WORKS, {"SESSION_COOKIE_NAME": "__Host-sessionid"}),
    write("http on localhost", WORKS, insecure(**front_end(LOCAL)), origin=LOCAL, site="http://localhost"),
    write("Secure cookies on localhost", WORKS, front_end(LOCAL), origin=LOCAL, site="http://localhost"),
    write(
        "localhost as Domain",
        WORKS,
        insecure(**front_end(LOCAL), SESSION_COOKIE_DOMAIN="localhost"),
        origin=LOCAL,
        site="http://localhost",
    ),
    write("https page, http site on localhost", "sent readable", insecure(), site="http://localhost"),
    write("another site with SameSite=None", "sent readable", NONE | front_end(OTHER_SITE), origin=OTHER_SITE),
    Case("headers that a form could send", WORKS, headers={"Accept": "text/html", "Content-Type": "text/plain; a=b"}),
    Case("a forbidden header", WORKS, headers={"Referer": "https://evil.test/"}),
    # Origins that aren't allowed
    Case("not on the list: read", "sent session accepted", front_end()),
    write("not on the list: write", "", front_end()),
    write("not on the list: what a form could send", "sent session", front_end(), method="POST", headers={}),
    Case("http isn't https", "sent", origin="http://dash.example.test"),
    write("http origin on the list, Secure cookies", "sent readable", front_end(HTTP), origin=HTTP),
    Case("http origin on the list, https site", "sent readable", front_end(HTTP), origin=HTTP),
    Case("this port isn't on the list", "sent session accepted", origin=f"{DASH}:8443"),
    Case("another subdomain isn't on the list", "sent session accepted", origin="https://dash2.example.test"),
    Case("the list is in upper case", "sent session accepted", front_end("https://Dash.example.test")),
    Case("the list has a slash at the end", "sent session accepted", front_end(f"{DASH}/")),
    Case("the list has the default port", "sent session accepted", front_end(f"{DASH}:443")),
    Case("a sandboxed page", "sent", page=f"{DASH}/sandboxed"),
    Case("null on the list", "sent readable", front_end("null"), page=f"{DASH}/sandboxed"),
    write("null on the list: write", "sent readable", front_end("null"), page=f"{DASH}/sandboxed"),
    # Credentials, methods, headers and hosts that aren't allowed
    Case("no credentials", "sent session accepted", {"CORS_ALLOW_CREDENTIALS": False}),
    write("no credentials: write", "", {"CORS_ALLOW_CREDENTIALS": False}),
    Case("all origins, with credentials", WORKS, front_end(CORS_ALLOW_ALL_ORIGINS=True)),
    write("all origins, and none trusted", "sent session readable", front_end(CORS_ALLOW_ALL_ORIGINS=True)),
    Case(
        "all origins, without credentials, is *",
        "sent session accepted",
        {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": False},
    ),
    Case("a pattern", WORKS, front_end(CORS_ALLOWED_ORIGIN_REGEXES=[r"https://.*\.example\.test"])),
    Case("addresses without CORS", "sent session accepted", {"CORS_URLS_REGEX": r"^/public/"}),
    write("the method isn't allowed", "", {"CORS_ALLOW_METHODS": ["GET", "POST", "DELETE"]}),
    write("* isn't a wildcard for methods", "", {"CORS_ALLOW_METHODS": ["*"]}),
    write("patch isn't PATCH", "", method="patch"),
    write("post is POST", WORKS, method="post"),
    write("the token isn't an allowed header", "", {"CORS_ALLOW_HEADERS": ["content-type"]}),
    write("* isn't a wildcard for headers", "", {"CORS_ALLOW_HEADERS": ["*"]}),
    Case("a custom header", "", headers={"X-Mine": "1"}),
    Case("a type that a form can't send", WORKS, headers={"Content-Type": "application/json"}),
    Case("an unsafe value of Accept", WORKS, headers={"Accept": "text/{html}"}),
    write("the host isn't known", "sent readable", {"ALLOWED_HOSTS": ["other.test"]}),
    # CSRF protection
    write("not trusted", "sent session readable", {"CSRF_TRUSTED_ORIGINS": []}),
    write("no token", "sent session readable", headers={"Content-Type": "application/json"}),
    write("a wrong token", "sent session readable", headers={"X-CSRFToken": "x" * 64}),
    write("the CSRF cookie has another path", "sent readable", {"CSRF_COOKIE_PATH": "/todos/"}),
    write("the CSRF cookie is of another domain", "sent readable", {"CSRF_COOKIE_DOMAIN": "other.test"}),
    # Cookies that aren't stored or sent
    write("a public suffix", "sent readable", UK | {"SESSION_COOKIE_DOMAIN": "co.uk"}, origin=UK_DASH, site=UK_APP),
    write("a public suffix, with subdomains", WORKS, UK, origin=UK_DASH, site=UK_APP),
    write("a domain that isn't a parent", "sent readable", {"SESSION_COOKIE_DOMAIN": "other.test"}),
    write("a sibling's domain", "sent readable", {"SESSION_COOKIE_DOMAIN": "dash.example.test"}),
    write("another path", "sent readable", {"SESSION_COOKIE_PATH": "/todos/"}),
    write("Secure cookies over http", "sent readable", front_end(HTTP), origin=HTTP, site="http://app.example.test"),
    write("http page and site", WORKS, insecure(**front_end(HTTP)), origin=HTTP, site="http://app.example.test"),
    write("SameSite=None without Secure", "sent readable", NONE | {"SESSION_COOKIE_SECURE": False}),
    write("__Host- and a Domain", "sent readable", HOST | {"SESSION_COOKIE_DOMAIN": "example.test"}),
    write("__Secure- and not Secure", "sent readable", SECURE | {"SESSION_COOKIE_SECURE": False}),
    Case("another site", "sent readable", front_end(OTHER_SITE), origin=OTHER_SITE),
    write("another site: write", "sent readable", front_end(OTHER_SITE), origin=OTHER_SITE),
    Case("subdomains of a public suffix are sites", "sent readable", GITHUB, origin=PAGES_DASH, site=PAGES_APP),
    Case(
        "an IP address isn't its name",
        "sent readable",
        insecure(**front_end(NUMBER)),
        origin=NUMBER,
        site="http://localhost",
    ),
    # Requests that browsers don't send
    Case("https page, http site", "", insecure(), site="http://app.example.test"),
    Case("a forbidden method", "", method="TRACE", headers={}),
]

LOG_IN = """async ([username, password]) => {
  const {csrf_token} = await (await fetch("/api/session/")).json();
  await fetch("/api/session/", {method: "POST", body: JSON.stringify({username, password}),
    headers: {"Content-Type": "application/json", "X-CSRFToken": csrf_token ?? "none"}});
}"""

CALL = """async ([site, path, method, headers]) => {
  const session = await fetch(site + "/api/session/", {credentials: "include"}).catch(() => null);
  const token = session?.ok ? (await session.json()).csrf_token : "unknown";
  const filled = Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, name == "X-CSRFToken" ? value || token : value]));
  const body = method == "GET" ? undefined : JSON.stringify({title: "Written by the page"});
  return fetch(site + path, {method, headers: filled, body, credentials: "include"}).then(() => true, () => false);
}"""


@pytest.fixture(scope="session", autouse=True)
def _allow_queries():
    """Allow queries although Playwright runs an event loop in this thread."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture(scope="module")
def servers():
    with two_origins("localhost", "*.example.test") as servers:
        yield servers


@pytest.fixture(scope="module")
def page(launch_chromium, servers):
    browser = launch_chromium(f"--host-resolver-rules={servers.resolver_rules}")
    yield browser.new_page(ignore_https_errors=True)
    browser.close()


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])
def test_explanation_agrees_with_chromium(number, page, servers, alice):
    case = CASES[number]
    todo = "" if case.method in ("POST", "post") else f"{make_todo(owner=alice).pk}/"
    path = f"/api/todos/{todo}?{MARK}{number}"
    with override_settings(**VALID_SETTINGS | case.settings):
        explained_result = result(explained(case, path))
        assert explained_result == observed(case, path, page, servers)
    assert explained_result == case.expected


def explained(case: Case, path: str) -> Explanation:
    origin = Origin.of("null" if "sandboxed" in case.page else case.origin)
    call = Call(origin, case.site + path, normalize_method(case.method), case.headers)
    return explain(call, InProcessProbe(call.server), session_cookie())


def result(explanation: Explanation) -> str:
    return " ".join(name for name in ("sent", "session", "accepted", "readable") if getattr(explanation, name))


def observed(case: Case, path: str, page: Page, servers: Servers) -> str:
    servers.reset()
    page.context.clear_cookies()
    page.goto(f"{case.site}/page")
    page.evaluate(LOG_IN, ["alice", PASSWORD])
    page.goto(case.page)
    readable = page.evaluate(CALL, [case.site, path, case.method, case.headers])
    outcome = []
    for request in servers.received:
        outcome = ["sent", "session" * request.session, "accepted" * (request.status < 400)]
    return " ".join(filter(None, [*outcome, "readable" * readable]))


ATTACKS = {
    "read": "url => fetch(url, {credentials: 'include'}).then(response => response.text(), () => '')",
    "write": """url => fetch(url, {method: 'POST', credentials: 'include', body: '{"title": "Evil"}',
        headers: {'Content-Type': 'application/json', 'X-CSRFToken': 'x'}}).then(() => 'read', () => '')""",
    "write blindly": """url => fetch(url, {method: 'POST', mode: 'no-cors', credentials: 'include', body: 'title=Evil',
        headers: {'Content-Type': 'application/x-www-form-urlencoded'}}).then(response => response.text(), () => '')""",
}
POST_A_FORM = """url => {
  document.body.innerHTML = `<form method=post action="${url}"><input name=title value=Evil></form>`;
  document.forms[0].submit();
}"""


@pytest.mark.parametrize("origin", ["https://evil.example.test", "https://evil-example.test", HTTP])
def test_page_on_another_origin_can_neither_read_nor_write(origin, page, servers, alice):
    """This includes an origin on the same site, whose requests have the session cookie."""
    with override_settings(**VALID_SETTINGS):
        servers.reset()
        page.context.clear_cookies()
        page.goto(f"{APP}/page")
        page.evaluate(LOG_IN, ["alice", PASSWORD])
        page.goto(f"{origin}/page")
        for path in ("/api/todos/", "/todos/"):
            for attack in ATTACKS.values():
                assert page.evaluate(attack, f"{APP}{path}?{MARK}") == ""
            count = len(servers.received)
            with page.expect_navigation():
                page.evaluate(POST_A_FORM, f"{APP}{path}?{MARK}")
            assert servers.received[count].method == "POST"
            del servers.received[count + 1 :]  # the login page redirects logged-in users to their list
            page.goto(f"{origin}/page")
        assert any(request.session for request in servers.received) == (origin == "https://evil.example.test")
        assert not alice.todos.exists()
        assert {request.status for request in servers.received if request.method == "POST"} <= {302, 401, 403}
