"""The site and the dashboard on two hosts behind nginx with TLS: shared session, logs, and reloads under load."""

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
from tests.browser.guide import run_guide_examples
from tests.browser.two_hosts import APP, DASHBOARD, FRONT_END, OTHER_ORIGIN, Hosts
from tests.browser.uploads.helpers import drop, make_file
from tests.faults.cluster import wait_until

CLIENTS = 4

FETCH_STATUS = """async ([url, method]) => {
  const options = {method, credentials: "include", headers: {}};
  if (method !== "GET") {
    options.headers = {"Content-Type": "application/json"};
    options.body = '{"title": "Written by another origin"}';
  }
  return fetch(url, options).then((response) => response.status, () => "unreadable");
}"""

POST_A_FORM = """url => {
  const form = Object.assign(document.createElement("form"), {method: "post", action: url, target: "_blank"});
  form.append(Object.assign(document.createElement("input"), {name: "title", value: "Written by a form"}));
  document.body.append(form);
  form.submit();
}"""


pytestmark = [pytest.mark.xdist_group("two hosts"), pytest.mark.slow]


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


def test_session_and_api_work_on_both_hosts(hosts, context, page, tmp_path, holiday_photo):
    with hosts.site():
        sign_up(page, "ada")
        with page.expect_response("**/static/**/*.css") as stylesheet:
            assert is_compressed(page.goto(DASHBOARD))
        assert is_compressed(stylesheet.value)
        expect(page.get_by_text("Logged in as ada.")).to_be_visible()
        assert_cookies_have_the_right_domains(context, page)
        use_the_api(context, page, tmp_path, holiday_photo)
        assert_another_origin_has_no_access(context)

        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_text("You are not logged in.")).to_be_visible()
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_text("Logged in as ada.")).to_be_visible()
        page.goto(f"{APP}/todos/")
        expect(page.locator(".account-menu")).to_contain_text("ada")

    assert explain_cors_status(hosts, FRONT_END) == 1
    page.goto(DASHBOARD)  # only nginx runs. The page can read its error responses, so it doesn't blame CORS
    expect(page.get_by_text("The site can't be reached.")).to_be_visible()
    with hosts.site():
        page.evaluate("dispatchEvent(new Event('focus'))")  # the user returns to the window
        expect(page.get_by_text("Logged in as ada.")).to_be_visible()

        context.clear_cookies()
        run_guide_examples(page, DASHBOARD, hosts.front_end_files / "index.html", FRONT_END, "ada")
        assert explain_cors_status(hosts, FRONT_END) == 0
        assert explain_cors_status(hosts, OTHER_ORIGIN) == 1


def test_logs_have_no_password_token_or_session(hosts, context, page):
    with hosts.site():
        context.clear_cookies()
        sign_up(page, "grace", "grace@example.com")
        cookies = {cookie["name"]: cookie["value"] for cookie in context.cookies()}
        secrets = [PASSWORD, "a-wrong-guess", "a-new-passphrase", cookies["sessionid"], cookies["__Host-csrftoken"]]
        context.clear_cookies()
        page.goto(f"{APP}/accounts/login/")
        page.get_by_label("Username").fill("grace")
        page.get_by_label("Password", exact=True).fill("a-wrong-guess")
        page.get_by_role("button", name="Log in").click()
        page.goto(f"{APP}/accounts/password_reset/")
        page.get_by_label("Email").fill("grace@example.com")
        page.get_by_role("button", name="Send link").click()
        page.get_by_text("we have sent a link").wait_for()
        link = re.search(r"https://\S+/accounts/reset/[^/]+/(\S+)/", hosts.mails())
        page.goto(f"{link[0]}more")  # responds with 404
        page.goto(link[0].removesuffix("/"))  # redirects
        page.get_by_label("New password", exact=False).first.fill("a-new-passphrase")
        page.get_by_label("New password confirmation").fill("a-new-passphrase")
        page.get_by_role("button", name="Change password").click()
        page.get_by_role("link", name="Log in").first.wait_for()
    logs = hosts.logs()
    assert logs.count("/accounts/reset/") >= 6  # in the logs of nginx and of Headway
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


def test_reload_under_load_fails_no_request(hosts):
    """nginx opens a connection to gunicorn for each request, so that many are opened while processes are replaced."""
    trust = ssl.create_default_context(cafile=hosts.authority_file)
    is_done = threading.Event()

    statuses: list[int] = []

    def send_requests() -> None:
        with closing(SiteConnection(hosts.port, trust)) as connection:
            while not is_done.is_set():
                connection.request("GET", "/api/session/")
                response = connection.getresponse()
                response.read()
                statuses.append(response.status)

    with hosts.site(), ThreadPoolExecutor(CLIENTS) as clients:
        results = [clients.submit(send_requests) for _ in range(CLIENTS)]
        try:
            for round in (1, 2):
                wait_until(lambda round=round: len(statuses) > round * 10 * CLIENTS)
                hosts.reload()
        finally:
            is_done.set()
    for result in results:
        result.result()
    assert set(statuses) == {200}


class SiteConnection(http.client.HTTPSConnection):
    """A connection to the site by its host name, at the address of nginx."""

    def __init__(self, port: int, trust: ssl.SSLContext) -> None:
        super().__init__("app.example.test", timeout=60)
        self._nginx, self._trust = ("127.0.0.1", port), trust

    def connect(self) -> None:
        self.sock = self._trust.wrap_socket(socket.create_connection(self._nginx), server_hostname=self.host)


def explain_cors_status(hosts: Hosts, origin: str) -> int:
    """Run explain_cors for a request from this origin, which it sends through nginx. Return the exit status."""
    arguments = ["--live", APP, "--cafile", str(hosts.authority_file), "--method", "PATCH", "--url", "/api/todos/1/"]
    resolve, out = socket.getaddrinfo, io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            socket, "getaddrinfo", lambda host, port, *args, **kwargs: resolve("127.0.0.1", hosts.port, *args, **kwargs)
        )
        try:
            call_command("explain_cors", origin, *arguments, stdout=out)
        except SystemExit as end:
            print(out.getvalue())
            return end.code
    return 0


def is_compressed(response: Response) -> bool:
    return response.headers["content-encoding"] == "br" and "Accept-Encoding" in response.headers["vary"]


def assert_cookies_have_the_right_domains(context, page: Page) -> None:
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    session, token = cookies["sessionid"], cookies["__Host-csrftoken"]
    assert session["domain"] == ".example.test"
    assert token["domain"] == "app.example.test"
    assert session["httpOnly"]
    assert all(cookie["secure"] for cookie in cookies.values())
    assert [cookie["name"] for cookie in context.cookies(DASHBOARD)] == ["sessionid"]
    assert page.evaluate("document.cookie") == ""


def use_the_api(context, page: Page, tmp_path, holiday_photo) -> None:
    """Change a to-do by PATCH, with a preflight; upload files by tus; receive changes of another page by a stream."""
    due = page.locator("due-list")
    due.get_by_label("What needs to be done?").fill("Pay the rent")
    page.keyboard.press("Enter")
    with page.expect_response(lambda response: response.request.method == "PATCH") as patched:
        due.get_by_label("Pay the rent").click()
    assert patched.value.status == 200
    assert patched.value.headers["access-control-allow-origin"] == DASHBOARD

    drop(page, holiday_photo, make_file(tmp_path))
    expect(page.locator("latest-files").get_by_role("img", name="holiday.jpg")).to_be_visible()
    expect(page.locator("latest-files").get_by_role("link", name="data.bin").last).to_be_visible()

    other_page = context.new_page()
    other_page.goto(f"{APP}/todos/")
    other_page.get_by_label("What needs to be done?").fill("Written on the other host")
    other_page.keyboard.press("Enter")
    expect(due.get_by_label("Written on the other host")).to_be_visible()
    other_page.close()


def assert_another_origin_has_no_access(context) -> None:
    page = context.new_page()
    page.goto(OTHER_ORIGIN)
    for method in ("GET", "POST"):
        assert page.evaluate(FETCH_STATUS, [f"{APP}/api/todos/", method]) == "unreadable"
    with context.expect_page() as opened:
        page.evaluate(POST_A_FORM, f"{APP}/todos/")
    opened.value.wait_for_load_state()
    opened.value.close()
    page.goto(f"{APP}/todos/")
    expect(page.locator(".todo-list li")).to_have_text(["Pay the rent", "Written on the other host"])
    page.close()
