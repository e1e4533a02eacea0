"""Lists of new users."""

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import sign_up
from tests.browser.todos.devices import two_devices
from tests.browser.todos.helpers import TITLES, expect_saved


@pytest.fixture
def add(page):
    """Return a function that adds to-dos without waiting for responses."""

    def type_titles(*titles: str) -> None:
        for title in titles:
            page.locator(".new-todo").fill(title)
            page.keyboard.press("Enter")

    return type_titles


@pytest.fixture
def todos(page, sqlite_site, username, add) -> Locator:
    """The rows of a new user's list of three to-dos."""
    sign_up(page, sqlite_site, username)
    add(*TITLES)
    rows = page.locator(".todo-list li")
    expect(rows).to_have_text(TITLES)
    expect_saved(page)
    return rows


@pytest.fixture
def devices(page, browser, sqlite_site, username):
    with two_devices(page, browser, sqlite_site, username) as devices:
        yield devices
