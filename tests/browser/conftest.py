"""Chromium, from Debian; and the real site, once on SQLite and once on PostgreSQL."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect

from tests.browser.site import Site, running_site
from tests.postgresql import postgresql

PATIENCE_MS = 30_000  # slow machines are slow, not wrong

PASSWORD = "correct horse battery staple"

CLOSE = {"Connection": "close"}
"""Of requests by a program before and at a change: a connection that is kept may be ended by the server just then."""

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def program(name: str, *flags: str) -> dict:
    """How Playwright launches it. Fails when it is missing."""
    path = shutil.which(name)
    assert path, f"{name} is missing: tests/install_system_packages installs it"
    return {"executable_path": path, "args": [*CHROMIUM_FLAGS, *flags]}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """PostgreSQL's site is started once, for all its tests; SQLite's, which starts faster, where a module wants it."""
    here = Path(__file__).parent
    for item in items:
        if here not in item.path.parents:
            continue
        item.add_marker("browser")
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        for database, group in (("sqlite", f"sqlite {item.path.stem}"), ("postgresql", "postgresql")):
            if f"{database}_site" in item.fixturenames or parameters.get("site") == database:
                item.add_marker(pytest.mark.xdist_group(group))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    """Chromium without its windows, which take a third of its time."""
    return {**browser_type_launch_args, **program("chromium-headless-shell")}


@pytest.fixture(scope="session")
def launch_chromium(browser_type):
    """Start all of Chromium, whose rules for the cookies of other sites are stricter, with further flags."""
    return lambda *flags: browser_type.launch(**program("chromium", *flags))


@pytest.fixture(scope="session")
def sqlite_site(tmp_path_factory):
    """For what doesn't depend on the database."""
    with running_site(tmp_path_factory.mktemp("sqlite")) as site:
        yield site


@pytest.fixture(scope="session")
def postgresql_site(tmp_path_factory):
    with postgresql() as url, running_site(tmp_path_factory.mktemp("postgresql"), DATABASE_URL=url) as site:
        yield site


@pytest.fixture(params=["sqlite", "postgresql"])
def site(request):
    """The site on each database."""
    return request.getfixturevalue(f"{request.param}_site")


@pytest.fixture
def no_errors(page):
    """Fails the test when a page it visits has a script error, or asks for something that it may not have."""
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield
    # A conflict is how a sender learns that the last request of a page that was left has brought more than it knew.
    assert [error for error in errors if "409 (Conflict)" not in error] == []


@pytest.fixture(scope="session")
def holiday(tmp_path_factory) -> Path:
    """A photo of 12 megapixels as a phone takes it: noisy, lying on its side, and telling where it was taken."""
    image = Image.effect_noise((1000, 750), 60).resize((4000, 3000)).convert("RGB")
    ImageDraw.Draw(image).rectangle((0, 0, 2000, 1500), fill="red")
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "Secret Camera"
    path = tmp_path_factory.mktemp("photos") / "holiday.jpg"
    image.save(path, quality=90, exif=exif)
    return path


@pytest.fixture(autouse=True)
def _patience(request):
    expect.set_options(timeout=PATIENCE_MS)
    if "page" in request.fixturenames:
        request.getfixturevalue("page").set_default_timeout(PATIENCE_MS)


def sign_up(page, site: Site, name: str) -> None:
    """As a program does it, which is faster; the page is the new user's list."""
    http = page.context.request
    token = http.get(f"{site.url}/api/session/", headers=CLOSE).json()["csrf_token"]
    fields = {"username": name, "password1": PASSWORD, "password2": PASSWORD, "csrfmiddlewaretoken": token}
    assert http.post(f"{site.url}/accounts/signup/", form=fields, headers=CLOSE, max_redirects=0).status == 302
    page.goto(f"{site.url}/todos/")


def pass_time(page: Page, until: Callable[[], object]) -> None:
    """Let the installed clock of the page run, second by second, with time for a request in each of them."""
    deadline = time.monotonic() + 2 * PATIENCE_MS / 1000
    while not until():
        assert time.monotonic() < deadline, "it has not happened"
        page.clock.run_for(1000)
        page.evaluate("fetch('/').then(() => null)")


def sign_up_by_hand(page, site: Site, name: str) -> None:
    page.goto(f"{site.url}/")
    page.get_by_role("link", name="Open my list").click()
    page.get_by_role("link", name="Sign up").click()
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_label("Password confirmation").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    page.wait_for_url("**/todos/")
