"""manage.py explain_cors: its output and its requests. tests/browser/ compares its results with Chromium."""

import io
import re
import socket
from http.cookies import SimpleCookie

import pytest
from django.core.management import CommandError, call_command

from config.cors import probe
from config.cors.cookies import Cookie
from config.cors.explain import explain
from config.cors.explanation import Call, Explanation, Outcome
from config.cors.origins import Origin
from config.cors.probe import Response
from config.cors.site_cookies import csrf_cookie, session_cookie
from tests.browser.two_origins import two_origins
from tests.paths import ROOT

GUIDE = ROOT / "templates/site/cors.md"
DASH, HERE = "https://dash.example.com", "https://localhost:8001"


@pytest.fixture(autouse=True)
def _site(settings):
    settings.APP_ORIGIN = "https://app.example.com"
    settings.ALLOWED_HOSTS = [".example.com", "localhost"]
    settings.CORS_ALLOWED_ORIGINS = settings.CSRF_TRUSTED_ORIGINS = [DASH, HERE]
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SESSION_COOKIE_DOMAIN = "example.com"


def run(*arguments: str) -> tuple[int, str]:
    """Run the command. Return the exit code and the output."""
    out = io.StringIO()
    try:
        call_command("explain_cors", *arguments, stdout=out, no_color=True)
    except SystemExit as error:
        return error.code, out.getvalue()
    return 0, out.getvalue()


def test_working_request_exits_with_0_and_needs_no_database():
    code, text = run(DASH, "--method", "PATCH", "--url", "/api/todos/7/")
    assert code == 0
    assert "✗" not in text
    assert f"{DASH} sends PATCH https://app.example.com/api/todos/7/" in text
    assert text.rstrip().endswith("and the page may read the\nresponse.")
    for line in ("✓ The browser sends OPTIONS first", "✓ Django accepts the request", "✓ The response allows PATCH"):
        assert line in text


def test_failing_request_exits_with_1_and_names_the_settings_to_change():
    code, text = run("https://shop.example.com", "--method", "PATCH", "--url", "/api/todos/7/")
    assert code == 1
    assert f"→ FRONTEND_ORIGINS={DASH},{HERE},https://shop.example.com" in text
    assert "the browser doesn't send the request." in text
    assert "on a subdomain of example.com" in run("https://shop.example.org")[1]
    assert len(re.findall("✗", text)) == len(re.findall("→", text)) > 2


def test_output_is_plain_text_of_80_columns():
    for arguments in ([DASH, "--method", "POST"], ["null"], ["http://shop.example.org", "--method", "patch"]):
        _, text = run(*arguments)
        for line in text.splitlines():  # a value to copy isn't wrapped
            assert len(line) <= 80 or line.startswith("     → FRONTEND_ORIGINS=")
        assert "\x1b" not in text


def test_ascii_terminal_gets_ascii_signs():
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    call_command("explain_cors", DASH, stdout=out, no_color=True)
    out.seek(0)
    assert "   + Cross-origin request" in out.read()


def test_unsupported_method_fails():
    code, text = run(DASH, "--method", "PUT")
    assert code == 1
    assert "✗ This URL doesn't support PUT\n     It supports GET, HEAD, POST, DELETE." in text


def test_unknown_urls_and_urls_outside_of_the_api_fail():
    assert "✗ The server responds with 404" in run(DASH, "--url", "/api/nowhere/")[1]
    assert "→ Use addresses below /api/" in run(DASH, "--url", "/todos/")[1]
    for url in ("/todos/", "/admin/auth/user/add/"):
        text = run(DASH, "--url", url, "--method", "POST")[1]
        assert "✗ Django rejects the request: 403" in text
        assert "Outside of /api/, only the site's own origin is trusted" in " ".join(text.split())
    assert "✓ Django accepts the request" in run("https://app.example.com", "--url", "/todos/", "--method", "POST")[1]


def test_header_option_replaces_default_headers():
    assert (
        "✗ Django rejects the request: 403" in run(DASH, "--method", "POST", "--header", "Content-Type: text/plain")[1]
    )
    text = run(DASH, "--header", "X-Mine", "--header", "Cookie: a=b")[1]
    assert "Access-Control-Allow-Headers doesn't list x-mine." in text
    assert "! Cookie isn't sent" in text


def test_settings_of_the_process_are_used_and_may_be_for_http(settings):
    settings.APP_ORIGIN = "http://localhost:8000"
    settings.SESSION_COOKIE_DOMAIN = None
    settings.CORS_ALLOWED_ORIGINS = settings.CSRF_TRUSTED_ORIGINS = ["http://localhost:8001"]
    assert run("http://localhost:8001", "--method", "POST")[0] == 0
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert run("http://localhost:8001", "--method", "POST")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dash.example.com"], "Example: https://dash.example.com"),
        (["ftp://dash.example.com"], "https:// or http://"),
        ([DASH, "--url", "mailto:me@example.com"], "--url"),
        ([DASH, "--live", "app.example.com"], "--live"),
        (
            [DASH, "--live", "https://app.example.com", "--url", "https://other.example.com/api/"],
            "different origins",
        ),
        ([DASH, "--cafile", "ca.pem"], "--cafile requires --live"),
        ([DASH, "--live", "https://localhost", "--cafile", "/nowhere.pem"], "can't be read"),
        ([DASH, "--method", "PA TCH"], "not an HTTP method"),
        ([DASH, "--header", "X Mine: 1"], "not an HTTP header"),
        ([DASH, "--header", "X-Mine: a\nb"], "not an HTTP header"),
    ],
)
def test_invalid_argument_is_reported_in_one_line(arguments, message):
    with pytest.raises(CommandError, match=re.escape(message)) as error:
        run(*arguments)
    assert "\n" not in str(error.value)


def test_site_without_a_name_needs_an_absolute_url(settings):
    settings.APP_ORIGIN, settings.ALLOWED_HOSTS = "https://", ["*"]
    with pytest.raises(CommandError, match="Pass an absolute URL"):
        run(DASH)
    assert run(DASH, "--url", "https://app.example.com/api/todos/")[0] == 0


def test_guide_shows_the_output(settings):
    settings.CORS_ALLOWED_ORIGINS = settings.CSRF_TRUSTED_ORIGINS = [DASH]
    command = re.compile(r"manage\.py explain_cors (https:.*)\n```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    arguments, shown = command.search(GUIDE.read_text()).groups()
    assert shown.strip() == run(*arguments.split())[1].strip()


@pytest.fixture
def live(db, tmp_path):
    """Serve the site over TLS on this machine. Return its URL and the path of its authority's certificate."""
    with two_origins("localhost") as servers:
        servers.reset()
        servers.authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        yield f"https://localhost:{servers.https_port}", str(tmp_path / "ca.pem")


def test_live_option_sends_requests_to_a_running_site(live, settings):
    settings.SESSION_COOKIE_DOMAIN = None
    url, authority = live
    code, text = run(HERE, "--live", url, "--cafile", authority, "--method", "PATCH", "--url", "/api/todos/7/")
    assert code == 0, text
    assert f"{HERE} sends PATCH {url}/api/todos/7/" in text
    assert "the settings of this process" in text
    assert (
        "✗ The response doesn't allow https://localhost:1"
        in run("https://localhost:1", "--live", url, "--cafile", authority)[1]
    )


def test_untrusted_certificate_is_reported(live):
    with pytest.raises(CommandError, match=r"doesn't trust: .*--cafile"):
        run(HERE, "--live", live[0])


def test_unresponsive_live_site_is_reported(monkeypatch):
    monkeypatch.setattr(probe, "TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(CommandError, match=r"doesn't respond: timed out"):
            run(HERE, "--live", f"http://localhost:{port}")
    with pytest.raises(CommandError, match=r"doesn't respond: .*refused"):
        run(HERE, "--live", f"http://localhost:{port}")


class FakeProbe:
    """A probe with these responses by method. All others are valid."""

    def __init__(self, **responses: Response) -> None:
        self.responses = responses

    def send(self, method: str, path: str, headers: dict[str, str]) -> Response:
        return self.responses.get("SESSION" if path == "/api/session/" else method, valid())


def valid(status: int = 200, **more: str) -> Response:
    allowed = {
        "Access-Control-Allow-Origin": DASH,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "PATCH",
        "Vary": "Origin",
    }
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    return Response.of(status, (allowed | headers).items(), b"{}")


def explained(method: str, **responses: Response) -> Explanation:
    call = Call(Origin.of(DASH), "https://app.example.com/api/todos/7/", method, {})
    return explain(call, FakeProbe(**responses), session_cookie())


def remedies(explanation: Explanation) -> str:
    return " ".join(check.remedy for section in explanation.sections for check in section.checks)


def test_proxy_mistakes_are_explained():
    assert explained("GET").works
    without_headers = Response.of(502, [], b"<html>")
    assert "add the CORS headers there too" in remedies(explained("GET", GET=without_headers))
    twice = Response.of(200, [("Access-Control-Allow-Origin", DASH)] * 2, b"")
    assert "not both" in remedies(explained("GET", GET=twice))
    redirect = valid(301, Location="https://www.example.com/")
    assert "it redirects to" in remedies(explained("PATCH", OPTIONS=redirect))
    assert not explained("PATCH", OPTIONS=redirect).sent
    assert "it redirects to" in remedies(explained("GET", GET=redirect))
    cached = explained("GET", GET=valid(Vary="Accept-Encoding"))
    assert cached.works
    assert any(check.outcome is Outcome.NOTE for check in cached.sections[-1].checks)


def test_site_cookies_follow_the_settings(settings):
    settings.SESSION_COOKIE_SAMESITE, settings.CSRF_COOKIE_PATH = "Strict", "/api/"
    session, csrf = session_cookie(), csrf_cookie()
    assert str(session) == "Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Strict"
    assert str(csrf) == "no Domain; Path=/api/; Secure; SameSite=Lax"
    line = 'a="1"; Domain=.Example.COM; SAMESITE=none; path=x'
    assert Cookie.of(SimpleCookie(line)["a"]) == Cookie("a", "1", "example.com", "/", same_site="none")
