"""app.example.test and dash.example.test in Chromium, by https, with nginx in front: one session for both."""

import http.client
import io
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from django.core.management import call_command
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import PASSWORD, TIMEOUT_MS
from tests.browser.guide import follow_the_guide
from tests.browser.two_hosts import APP, DASHBOARD, MINE, STRANGER, Hosts
from tests.browser.uploading import drop, make_file
from tests.faults.cluster import wait_until
from tests.postgresql import postgresql

VISITORS = 4

TRY = """async ([url, method]) => {
  const how = {method, credentials: "include", headers: method === "GET" ? {} : {"Content-Type": "application/json"}};
  if (method !== "GET") how.body = '{"title": "Written by a stranger"}';
  return fetch(url, how).then((answer) => answer.status, () => "unreadable");
}"""

POST_A_FORM = """url => {
  const form = Object.assign(document.createElement("form"), {method: "post", action: url, target: "_blank"});
  form.append(Object.assign(document.createElement("input"), {name: "title", value: "Written by a form"}));
  document.body.append(form);
  form.submit();
}"""


pytestmark = pytest.mark.xdist_group("two hosts")


@pytest.fixture(scope="module")
def hosts(tmp_path_factory) -> Iterator[Hosts]:
    with postgresql() as database_url:
        hosts = Hosts(tmp_path_factory.mktemp("two-hosts"), database_url)
        hosts.prepare()
        with hosts.around_the_site():
            yield hosts


@pytest.fixture(scope="module")
def context(launch_chromium, hosts):
    browser = launch_chromium(f"--host-resolver-rules={hosts.resolver_rules}")
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(TIMEOUT_MS)
    yield context
    browser.close()


@pytest.fixture
def page(context) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


def test_one_session_for_both_hosts_and_the_whole_api_from_the_other_one(hosts, context, page, tmp_path, holiday_photo):
    with hosts.site():
        sign_up(page, "ada")
        with page.expect_response("**/static/**/*.css") as style:
            assert is_compressed(page.goto(DASHBOARD))
        assert is_compressed(style.value)
        expect(page.get_by_text("Logged in as ada.")).to_be_visible()
        assert_cookies_are_where_they_belong(context, page)
        use_the_api(context, page, tmp_path, holiday_photo)
        assert_a_stranger_can_do_nothing(context)

        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_text("You are not logged in.")).to_be_visible()
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_text("Logged in as ada.")).to_be_visible()
        page.goto(f"{APP}/todos/")
        expect(page.get_by_role("link", name="ada")).to_be_visible()

    assert explained(hosts, MINE) == 1
    page.goto(DASHBOARD)  # nginx alone is there, and what it says can be read: it is no origin that is not allowed
    expect(page.get_by_text("The site can't be reached.")).to_be_visible()
    with hosts.site():
        page.evaluate("dispatchEvent(new Event('focus'))")  # somebody comes back to look
        expect(page.get_by_text("Logged in as ada.")).to_be_visible()

        context.clear_cookies()
        follow_the_guide(page, DASHBOARD, hosts.mine / "index.html", MINE, "ada")
        assert explained(hosts, MINE) == 0
        assert explained(hosts, STRANGER) == 1


def test_logs_have_no_password_token_or_session(hosts, context, page):
    with hosts.site():
        context.clear_cookies()
        sign_up(page, "grace", "grace@example.com")
        cookies = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
        secrets = [PASSWORD, "a-wrong-guess", "a-new-passphrase", cookies["sessionid"], cookies["__Host-csrftoken"]]
        context.clear_cookies()
        page.goto(f"{APP}/accounts/login/")
        page.get_by_label("Username").fill("grace")
        page.get_by_label("Password").fill("a-wrong-guess")
        page.get_by_role("button", name="Log in").click()
        page.goto(f"{APP}/accounts/password_reset/")
        page.get_by_label("Email").fill("grace@example.com")
        page.get_by_role("button", name="Send link").click()
        page.get_by_text("we have sent a link").wait_for()
        link = re.search(r"https://\S+/accounts/reset/[^/]+/(\S+)/", hosts.mails())
        page.goto(f"{link[0]}more")  # nothing is there
        page.goto(link[0].removesuffix("/"))  # redirects
        page.get_by_label("New password", exact=False).first.fill("a-new-passphrase")
        page.get_by_label("New password confirmation").fill("a-new-passphrase")
        page.get_by_role("button", name="Change password").click()
        page.get_by_role("link", name="Log in").first.wait_for()
    logs = hosts.logs()
    assert logs.count("/accounts/reset/") >= 6  # of nginx and of Headway
    for secret in [*secrets, link[1]]:
        assert secret not in logs


def sign_up(page: Page, username: str, email: str = "") -> None:
    page.goto(f"{APP}/accounts/signup/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url(f"{APP}/todos/")


def test_a_reload_under_load_fails_no_request(hosts):
    """Each request is a connection of its own to gunicorn, so that many come while its processes are replaced."""
    trust = ssl.create_default_context(cafile=hosts.authority_file)
    is_over = threading.Event()

    statuses: list[int] = []

    def ask_on_and_on() -> None:
        with closing(Through(hosts.port, trust)) as connection:
            while not is_over.is_set():
                connection.request("GET", "/api/session/")
                answer = connection.getresponse()
                answer.read()
                statuses.append(answer.status)

    with hosts.site(), ThreadPoolExecutor(VISITORS) as visitors:
        asked = [visitors.submit(ask_on_and_on) for _ in range(VISITORS)]
        try:
            for times in (1, 2):
                wait_until(lambda times=times: len(statuses) > times * 10 * VISITORS)
                hosts.reload()
        finally:
            is_over.set()
    for each in asked:
        each.result()
    assert set(statuses) == {200}


class Through(http.client.HTTPSConnection):
    """To the site by its name, wherever nginx is."""

    def __init__(self, port: int, trust: ssl.SSLContext) -> None:
        super().__init__("app.example.test", timeout=60)
        self._nginx, self._trust = ("127.0.0.1", port), trust

    def connect(self) -> None:
        self.sock = self._trust.wrap_socket(socket.create_connection(self._nginx), server_hostname=self.host)


def explained(hosts: Hosts, origin: str) -> int:
    """The exit code of explain_cors for a call from there, which it makes through nginx."""
    asked = ["--live", APP, "--cafile", str(hosts.authority_file), "--method", "PATCH", "--url", "/api/todos/1/"]
    resolve, out = socket.getaddrinfo, io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            socket, "getaddrinfo", lambda host, port, *how, **more: resolve("127.0.0.1", hosts.port, *how, **more)
        )
        try:
            call_command("explain_cors", origin, *asked, stdout=out)
        except SystemExit as end:
            print(out.getvalue())
            return end.code
    return 0


def is_compressed(response: Response) -> bool:
    return response.headers["content-encoding"] == "br" and "Accept-Encoding" in response.headers["vary"]


def assert_cookies_are_where_they_belong(context, page: Page) -> None:
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    session, token = cookies["sessionid"], cookies["__Host-csrftoken"]
    assert session["domain"] == ".example.test"
    assert token["domain"] == "app.example.test"
    assert session["httpOnly"]
    assert all(cookie["secure"] for cookie in cookies.values())
    assert [cookie["name"] for cookie in context.cookies(DASHBOARD)] == ["sessionid"]
    assert page.evaluate("document.cookie") == ""


def use_the_api(context, page: Page, tmp_path, holiday_photo) -> None:
    """To-dos by PATCH, with a preflight; files by tus; changes made elsewhere by an event stream."""
    due = page.locator("due-list")
    due.get_by_label("What is to be done?").fill("Pay the rent")
    page.keyboard.press("Enter")
    with page.expect_response(lambda response: response.request.method == "PATCH") as patched:
        due.get_by_label("Pay the rent").click()
    assert patched.value.status == 200
    assert patched.value.headers["access-control-allow-origin"] == DASHBOARD

    drop(page, holiday_photo, make_file(tmp_path))
    expect(page.locator("latest-files").get_by_role("img", name="holiday.jpg")).to_be_visible()
    expect(page.locator("latest-files").get_by_role("link", name="data.bin").last).to_be_visible()

    elsewhere = context.new_page()
    elsewhere.goto(f"{APP}/todos/")
    elsewhere.get_by_label("What is to be done?").fill("Written on the other host")
    elsewhere.keyboard.press("Enter")
    expect(due.get_by_label("Written on the other host")).to_be_visible()
    elsewhere.close()


def assert_a_stranger_can_do_nothing(context) -> None:
    page = context.new_page()
    page.goto(STRANGER)
    for method in ("GET", "POST"):
        assert page.evaluate(TRY, [f"{APP}/api/todos/", method]) == "unreadable"
    with context.expect_page() as opened:
        page.evaluate(POST_A_FORM, f"{APP}/todos/")
    opened.value.wait_for_load_state()
    opened.value.close()
    page.goto(f"{APP}/todos/")
    expect(page.locator(".todo-list li")).to_have_text(["Pay the rent", "Written on the other host"])
    page.close()
