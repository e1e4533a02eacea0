"""Chromium from Debian, and the real site on SQLite and on PostgreSQL."""

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from tests.browser.network import Network
from tests.browser.site import FAST_SETTINGS, Site, running_site, shared_site
from tests.postgresql import create_database, shared_server

TIMEOUT_MS = 30_000  # enough for slow machines

PASSWORD = "correct horse battery staple"

CLOSE_CONNECTION = {"Connection": "close"}
"""Headers of API requests before and at a write. The server may close a kept connection just when the write uses it."""

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

TEST_ADDRESS = re.compile(
    r"(data|blob|about):|https?://(localhost|127\.0\.0\.1|[\w.-]+\.(test|example\.co\.uk|github\.io))[:/]"
)

FEWER_PROCESSES = ["--enable-features=NetworkServiceInProcess2", "--in-process-gpu"]
"""Flags that save messages between Chromium's processes, several for each request."""


def launch_options(program: str, *flags: str) -> dict:
    """Return Playwright's options for launching a program. Raises AssertionError if it isn't installed."""
    path = shutil.which(program)
    assert path, f"{program} is missing: tests/install_system_packages installs it"
    return {"executable_path": path, "args": [*CHROMIUM_FLAGS, *flags]}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark the tests in this directory, and group those on PostgreSQL, for which one process starts a site.

    They replace web processes and freeze workers, which tests on the shared site must not do.
    """
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents:
            continue
        item.add_marker("browser")
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if "postgresql_site" in item.fixturenames or parameters.get("site") == "postgresql":
            item.add_marker(pytest.mark.xdist_group("postgresql"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Launch the headless shell, which needs a third less time than all of Chromium."""
    return {**browser_type_launch_args, **launch_options("chromium-headless-shell", *FEWER_PROCESSES)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args):
    """Ask pages for less motion, so that no test waits for an animation."""
    return {**browser_context_args, "reduced_motion": "reduce"}


@pytest.fixture(scope="session")
def violations() -> list[str]:
    """What pages of the current test have done that no page may do, in any state."""
    return []


@pytest.fixture(autouse=True)
def _no_violations(violations):
    violations.clear()
    yield
    assert violations == []


@pytest.fixture(scope="session")
def browser(browser, violations):
    browser.on("context", lambda context: watch(context, violations))
    return browser


@pytest.fixture(scope="session")
def launch_chromium(browser_type, violations):
    """Return a function that launches all of Chromium, which has stricter rules for third-party cookies."""

    def launch(*flags: str) -> Browser:
        browser = browser_type.launch(**launch_options("chromium", *flags))
        browser.on("context", lambda context: watch(context, violations))
        return browser

    return launch


def watch(context: BrowserContext, violations: list[str]) -> None:
    """Record what the Content-Security-Policy of a page prevents, and requests to elsewhere."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            violations.append(f"{message.location['url']}: {message.text}")

    def on_request(request: Request) -> None:
        if not TEST_ADDRESS.match(request.url):
            violations.append(f"request to {request.url}")

    context.on("console", on_console)
    context.on("request", on_request)


@pytest.fixture(scope="session")
def sqlite_site():
    """The site for tests that don't depend on the database. Other processes may run tests on it at the same time."""
    with shared_site() as site:
        yield site


@pytest.fixture(scope="session")
def postgresql_site(tmp_path_factory):
    directory = tmp_path_factory.mktemp("postgresql")
    with shared_server() as url, running_site(directory, DATABASE_URL=create_database(url), **FAST_SETTINGS) as site:
        yield site


@pytest.fixture(scope="session")
def hosts(tmp_path_factory):
    """The site on two hosts behind nginx, as in production. Tests start its web processes themselves."""
    from tests.browser.two_hosts import Hosts  # it needs Django's settings, which `make screenshots` doesn't have

    with shared_server() as url:
        hosts = Hosts(tmp_path_factory.mktemp("two-hosts"), create_database(url))
        hosts.prepare()
        with hosts.nginx_and_worker():
            yield hosts


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request):
    """The site on each database in turn."""
    return request.getfixturevalue(f"{request.param}_site")


@pytest.fixture
def no_errors(page):
    """Fail the test if its page has an uncaught exception or logs an error, such as a rejected request."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield
    # A page that resumes an upload receives 409 if the server has stored more bytes than the page knows of.
    assert [error for error in errors if "409 (Conflict)" not in error] == []


@pytest.fixture
def network(page):
    return Network(page)


@pytest.fixture
def username(request) -> str:
    """A username made of the name of the test, which no other test of the site has."""
    return re.sub(r"\W+", "-", request.node.name.removeprefix("test_"))[:150]


@pytest.fixture
def page_without_javascript(browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    yield page
    context.close()


@pytest.fixture(scope="session")
def holiday_photo(tmp_path_factory) -> Path:
    """A photo of 12 megapixels like those of phones: noisy, rotated by its EXIF orientation, and with metadata."""
    image = Image.effect_noise((1000, 750), 60).resize((4000, 3000)).convert("RGB")
    ImageDraw.Draw(image).rectangle((0, 0, 2000, 1500), fill="red")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Secret Camera"
    path = tmp_path_factory.mktemp("photos") / "holiday.jpg"
    image.save(path, quality=90, exif=exif)
    return path


@pytest.fixture(autouse=True)
def _timeouts(request):
    expect.set_options(timeout=TIMEOUT_MS)
    if "page" in request.fixturenames:
        request.getfixturevalue("page").set_default_timeout(TIMEOUT_MS)


def sign_up(page: Page, site: Site, name: str) -> None:
    """Create a user by HTTP, which is faster than the form, and open the user's list."""
    http = page.context.request
    token = http.get(f"{site.url}/api/session/", headers=CLOSE_CONNECTION).json()["csrf_token"]
    fields = {"username": name, "password1": PASSWORD, "password2": PASSWORD, "csrfmiddlewaretoken": token}
    response = http.post(f"{site.url}/accounts/signup/", form=fields, headers=CLOSE_CONNECTION, max_redirects=0)
    assert response.status == 302
    page.goto(f"{site.url}/todos/")


def sign_up_on_page(page: Page, site: Site, name: str) -> None:
    """Create a user with the form, starting at the home page."""
    page.goto(f"{site.url}/")
    page.get_by_role("link", name="Open your list").click()
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/todos/")


def log_in(page: Page, name: str) -> None:
    """Submit the login form that the page shows."""
    page.get_by_label("Username").fill(name)
    page.get_by_label(re.compile("^Password:?$")).fill(PASSWORD)  # the admin adds a colon
    page.get_by_role("button", name="Log in").click()


def run_clock(page: Page, seconds: int) -> None:
    """Run the page's installed clock. The page has time for a request in each of its seconds."""
    for _ in range(seconds):
        page.clock.run_for(1000)
        page.evaluate("fetch('/').then(() => null)")


def run_clock_until(page: Page, condition: Callable[[], object]) -> None:
    """Run the page's installed clock until the condition is true. Raises AssertionError after a minute of real time."""
    deadline = time.monotonic() + 2 * TIMEOUT_MS / 1000
    while not condition():
        assert time.monotonic() < deadline, "the condition is still false"
        run_clock(page, seconds=1)
