"""Layout shifts of pages while they load on a phone."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_up

MEASURE = """
    window.shifts = [];
    new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
            const sources = entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 100) ?? node?.textContent);
            if (!entry.hadRecentInput) window.shifts.push([entry.value, sources]);
        }
    }).observe({ type: "layout-shift", buffered: true });
"""
TWO_FRAMES = "() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))"
MAX_SHIFT = 0.01

PAGES = [
    "/todos/",
    "/trash/",
    "/todos/import/",
    "/uploads/",
    "/progress/",
    "/accounts/password_change/",
    "/accounts/settings/",
]


@pytest.fixture
def assert_stable(page):
    """Return a function that loads a page until an element is visible, and asserts that the layout didn't shift."""
    page.set_viewport_size({"width": 375, "height": 667})
    page.add_init_script(MEASURE)

    def load(url: str, awaited: str) -> None:
        page.goto(url)
        page.locator(awaited).first.wait_for()
        page.evaluate(TWO_FRAMES)
        shifts = page.evaluate("window.shifts")
        assert sum(value for value, _ in shifts) < MAX_SHIFT, (url, shifts)

    return load


def test_dashboard_is_stable_when_the_site_stops_responding(page, sqlite_site):
    page.set_viewport_size({"width": 375, "height": 667})
    sign_up(page, sqlite_site, "a-name-that-needs-more-than-a-line-of-its-own-on-a-phone")
    page.goto(sqlite_site.dashboard_url)
    panel, notice = page.locator("due-list"), page.locator(".notice", has_text="doesn't respond")
    expect(panel).to_be_visible()
    before = panel.bounding_box()
    page.route(f"{sqlite_site.url}/**", lambda route: route.abort())
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(notice).to_be_visible()
    expect(notice).to_be_in_viewport(ratio=1)
    assert panel.bounding_box() == before
    page.unroute_all()
    notice.get_by_role("button", name="Try now").click()
    expect(notice).to_be_hidden()
    assert panel.bounding_box() == before


def test_visitor_pages_are_stable(assert_stable, sqlite_site):
    for path in ("/", "/guide/", "/accounts/login/", "/accounts/signup/"):
        assert_stable(sqlite_site.url + path, "main")
    assert_stable(sqlite_site.dashboard_url, "#log-in")


def test_user_pages_are_stable(page, assert_stable, sqlite_site):
    sign_up(page, sqlite_site, "a-name-that-needs-a-line-of-its-own")
    for title in ("Write a letter to each of the neighbours", "Buy milk", "Pay the rent"):
        page.locator(".new-todo").fill(title)
        page.keyboard.press("Enter")
        page.get_by_role("link", name=f"Edit {title}").wait_for()
    for name in ("one.txt", "two.txt"):
        token = page.context.request.get(f"{sqlite_site.url}/api/session/").json()["csrf_token"]
        file = {"name": name, "mimeType": "text/plain", "buffer": b"text"}
        headers = {"X-CSRFToken": token}
        page.context.request.post(f"{sqlite_site.url}/api/uploads/", headers=headers, multipart={"file": file})
    for path in PAGES:
        assert_stable(sqlite_site.url + path, "main")
        if path == "/uploads/":
            file_page = page.locator("h2 a").first.get_attribute("href")
            assert_stable(sqlite_site.url + file_page, ".about")
    assert_stable(sqlite_site.dashboard_url, "due-list li")
