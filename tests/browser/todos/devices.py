"""Two browser contexts that show the same user's list."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import TIMEOUT_MS, sign_up
from tests.browser.site import Site
from tests.browser.todos.helpers import TITLES, edit, expect_saved

SET_HIDDEN = """isHidden => {
    Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


class Device:
    """Page in one browser context. Records requests and uncaught errors."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requested_urls: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.requested_urls.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    @property
    def rows(self) -> Locator:
        return self.page.locator(".todo-list li")

    @property
    def titles(self) -> Locator:
        return self.rows.locator("label")

    @property
    def counter(self) -> Locator:
        return self.page.locator(".todo-count")

    def row(self, title: str) -> Locator:
        return self.rows.filter(has=self.page.get_by_text(title, exact=True))

    def add(self, *titles: str) -> None:
        for title in titles:
            self.page.locator(".new-todo").fill(title)
            self.page.locator(".new-todo").press("Enter")

    def rename(self, title: str, new_title: str) -> None:
        field = edit(self.row(title))
        field.fill(new_title)
        field.press("Enter")

    def select_filter(self, filter: str) -> None:
        self.page.locator(".filters").get_by_text(filter, exact=True).click()
        expect(self.page.locator(".filters .selected")).to_have_text(filter)

    def set_hidden(self, is_hidden: bool) -> None:
        """Hide or show the page, as switching between tabs does."""
        self.page.evaluate(SET_HIDDEN, is_hidden)

    def requested_changes(self) -> list[list[str]]:
        """Return the to-do ids in each request to /todos/changes/."""
        return [re.findall(r"id=(\d+)", url) for url in self.requested_urls if "/todos/changes/" in url]


@contextmanager
def two_devices(page: Page, browser: Browser, site: Site, username: str) -> Iterator[tuple[Device, Device]]:
    """Sign up a user with three to-dos and open their list on two devices. Assert at the end that no script failed."""
    sign_up(page, site, username)
    here = Device(page)
    here.add(*TITLES)
    expect(here.titles).to_have_text(TITLES)
    expect_saved(page)
    context = browser.new_context(storage_state=page.context.storage_state())
    other = context.new_page()
    other.set_default_timeout(TIMEOUT_MS)
    there = Device(other)
    other.goto(f"{site.url}/todos/")
    expect(there.titles).to_have_text(TITLES)
    yield here, there
    context.close()
    assert here.errors + there.errors == []
