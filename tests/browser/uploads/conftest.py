"""Other devices of a user."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import log_in


@pytest.fixture
def another_device(browser, sqlite_site):
    """Return a function that logs a user in with another browser, and returns its page of uploads."""
    context = browser.new_context()

    def open_uploads(name: str) -> Page:
        page = context.new_page()
        page.goto(f"{sqlite_site.url}/accounts/login/?next=/uploads/")
        log_in(page, name)
        return page

    yield open_uploads
    context.close()
