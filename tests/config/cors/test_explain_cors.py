"""manage.py explain_cors: what it says, and of whom it asks it. That it is right, Chromium says in tests/browser/."""

import io
import re
import socket
from http.cookies import SimpleCookie

import pytest
from django.core.management import CommandError, call_command

from config.cors import asking
from config.cors.asking import Answer
from config.cors.cookies import Cookie
from config.cors.explain import explain
from config.cors.origins import Origin
from config.cors.own_cookies import csrf_cookie, session_cookie
from config.cors.story import Call, Mark, Story
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
    """The exit code, and what is printed."""
    out = io.StringIO()
    try:
        call_command("explain_cors", *arguments, stdout=out, no_color=True)
    except SystemExit as end:
        return end.code, out.getvalue()
    return 0, out.getvalue()


def test_what_works_ends_with_0_and_needs_no_database():
    code, text = run(DASH, "--method", "PATCH", "--url", "/api/todos/7/")
    assert code == 0
    assert "✗" not in text
    assert f"{DASH} calls PATCH https://app.example.com/api/todos/7/" in text
    assert text.rstrip().endswith("and the page may read the\nanswer.")
    for line in ("✓ The browser asks before, by OPTIONS", "✓ Django lets it pass", "✓ It allows PATCH"):
        assert line in text


def test_what_does_not_work_ends_with_1_and_says_what_to_change():
    code, text = run("https://shop.example.com", "--method", "PATCH", "--url", "/api/todos/7/")
    assert code == 1
    assert f"→ FRONTEND_ORIGINS={DASH},{HERE},https://shop.example.com" in text
    assert "the browser doesn't even send the call." in text
    assert "on a subdomain of example.com" in run("https://shop.example.org")[1]
    assert len(re.findall("✗", text)) == len(re.findall("→", text)) > 2


def test_it_is_plain_text_of_80_columns():
    for arguments in ([DASH, "--method", "POST"], ["null"], ["http://shop.example.org", "--method", "patch"]):
        _, text = run(*arguments)
        for line in text.splitlines():  # a value to be copied stays in one piece
            assert len(line) <= 80 or line.startswith("     → FRONTEND_ORIGINS=")
        assert "\x1b" not in text


def test_a_terminal_that_has_no_ticks_gets_letters():
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    call_command("explain_cors", DASH, stdout=out, no_color=True)
    out.seek(0)
    assert "   + To another origin" in out.read()


def test_a_method_that_the_address_has_not():
    code, text = run(DASH, "--method", "PUT")
    assert code == 1
    assert "✗ This address doesn't know PUT\n     It has GET, HEAD, POST, DELETE." in text


def test_an_address_that_is_not_there_and_one_that_is_no_api():
    assert "✗ The server answers 404" in run(DASH, "--url", "/api/nowhere/")[1]
    assert "→ Call what is below /api/" in run(DASH, "--url", "/todos/")[1]
    for url in ("/todos/", "/admin/auth/user/add/"):
        text = run(DASH, "--url", url, "--method", "POST")[1]
        assert "✗ Django refuses it: 403" in text
        assert "Outside of /api/ only the site's own origin is trusted" in " ".join(text.split())
    assert "✓ Django lets it pass" in run("https://app.example.com", "--url", "/todos/", "--method", "POST")[1]


def test_headers_are_those_of_the_page():
    assert "✗ Django refuses it: 403" in run(DASH, "--method", "POST", "--header", "Content-Type: text/plain")[1]
    text = run(DASH, "--header", "X-Mine", "--header", "Cookie: a=b")[1]
    assert "Access-Control-Allow-Headers doesn't have x-mine." in text
    assert "! Cookie isn't sent" in text


def test_the_running_settings_are_asked_and_the_site_may_be_http(settings):
    settings.APP_ORIGIN = "http://localhost:8000"
    settings.SESSION_COOKIE_DOMAIN = None
    settings.CORS_ALLOWED_ORIGINS = settings.CSRF_TRUSTED_ORIGINS = ["http://localhost:8001"]
    assert run("http://localhost:8001", "--method", "POST")[0] == 0
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert run("http://localhost:8001", "--method", "POST")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["dash.example.com"], "Right would be https://dash.example.com"),
        (["ftp://dash.example.com"], "https:// or http://"),
        ([DASH, "--url", "mailto:me@example.com"], "--url"),
        ([DASH, "--live", "app.example.com"], "--live"),
        ([DASH, "--live", "https://app.example.com", "--url", "https://other.example.com/api/"], "as a path"),
        ([DASH, "--cafile", "ca.pem"], "--cafile is for --live"),
        ([DASH, "--live", "https://localhost", "--cafile", "/nowhere.pem"], "can't be read"),
        ([DASH, "--method", "PA TCH"], "no method"),
        ([DASH, "--header", "X Mine: 1"], "no header"),
        ([DASH, "--header", "X-Mine: a\nb"], "no header"),
    ],
)
def test_bad_input_is_one_clear_line(arguments, words):
    with pytest.raises(CommandError, match=re.escape(words)) as error:
        run(*arguments)
    assert "\n" not in str(error.value)


def test_a_site_without_a_name_of_its_own_is_called_by_a_whole_url(settings):
    settings.APP_ORIGIN, settings.ALLOWED_HOSTS = "https://", ["*"]
    with pytest.raises(CommandError, match="with scheme and host"):
        run(DASH)
    assert run(DASH, "--url", "https://app.example.com/api/todos/")[0] == 0


def test_guide_shows_the_output(settings):
    settings.CORS_ALLOWED_ORIGINS = settings.CSRF_TRUSTED_ORIGINS = [DASH]
    command = re.compile(r"manage\.py explain_cors (https:.*)\n```\n\n```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    arguments, shown = command.search(GUIDE.read_text()).groups()
    assert shown.strip() == run(*arguments.split())[1].strip()


@pytest.fixture
def live(db, tmp_path):
    """The site by TLS on this machine, and the certificate of its authority."""
    with two_origins("localhost") as servers:
        servers.begin()
        servers.authority.cert_pem.write_to_path(tmp_path / "ca.pem")
        yield f"https://localhost:{servers.https_port}", str(tmp_path / "ca.pem")


def test_a_live_site_is_asked_by_the_network(live, settings):
    settings.SESSION_COOKIE_DOMAIN = None
    url, authority = live
    code, text = run(HERE, "--live", url, "--cafile", authority, "--method", "PATCH", "--url", "/api/todos/7/")
    assert code == 0, text
    assert f"{HERE} calls PATCH {url}/api/todos/7/" in text
    assert "from the settings here" in text
    assert (
        "✗ The answer isn't for https://localhost:1"
        in run("https://localhost:1", "--live", url, "--cafile", authority)[1]
    )


def test_a_certificate_that_is_not_trusted(live):
    with pytest.raises(CommandError, match=r"isn't trusted here: .*--cafile"):
        run(HERE, "--live", live[0])


def test_a_live_site_that_does_not_answer(monkeypatch):
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]
        with pytest.raises(CommandError, match=r"doesn't answer: timed out"):
            run(HERE, "--live", f"http://localhost:{port}")
    with pytest.raises(CommandError, match=r"doesn't answer: .*refused"):
        run(HERE, "--live", f"http://localhost:{port}")


class Scripted:
    """A server that gives these answers by method; the rest is right."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers

    def ask(self, method: str, path: str, headers: dict[str, str]) -> Answer:
        return self.answers.get("SESSION" if path == "/api/session/" else method, good())


def good(status: int = 200, **more: str) -> Answer:
    allowed = {
        "Access-Control-Allow-Origin": DASH,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "PATCH",
        "Vary": "Origin",
    }
    given = {name.replace("_", "-"): value for name, value in more.items()}
    return Answer.of(status, (allowed | given).items(), b"{}")


def told(method: str, **answers: Answer) -> Story:
    call = Call(Origin.of(DASH), "https://app.example.com/api/todos/7/", method, {})
    return explain(call, Scripted(**answers), session_cookie())


def advice(story: Story) -> str:
    return " ".join(step.change for section in story.sections for step in section.steps)


def test_what_a_proxy_can_spoil():
    assert told("GET").works
    bare = Answer.of(502, [], b"<html>")
    assert "carry the headers too" in advice(told("GET", GET=bare))
    twice = Answer.of(200, [("Access-Control-Allow-Origin", DASH)] * 2, b"")
    assert "not both" in advice(told("GET", GET=twice))
    redirect = good(301, Location="https://www.example.com/")
    assert "it redirects to" in advice(told("PATCH", OPTIONS=redirect))
    assert not told("PATCH", OPTIONS=redirect).sent
    assert "it redirects to" in advice(told("GET", GET=redirect))
    cached = told("GET", GET=good(Vary="Accept-Encoding"))
    assert cached.works
    assert any(step.mark is Mark.NOTE for step in cached.sections[-1].steps)


def test_the_cookies_are_those_that_django_writes(settings):
    settings.SESSION_COOKIE_SAMESITE, settings.CSRF_COOKIE_PATH = "Strict", "/api/"
    session, csrf = session_cookie(), csrf_cookie()
    assert str(session) == "Domain=example.com; Path=/; Secure; HttpOnly; SameSite=Strict"
    assert str(csrf) == "no Domain; Path=/api/; Secure; SameSite=Lax"
    line = 'a="1"; Domain=.Example.COM; SAMESITE=none; path=x'
    assert Cookie.of(SimpleCookie(line)["a"]) == Cookie("a", "1", "example.com", "/", same_site="none")
