"""Contexts of the accounts, with their cookies and their caches."""

import pytest

from tests.browser.conftest import TIMEOUT_MS
from tests.browser.states.accounts import get_accounts
from tests.browser.states.checks import MEASURE_SHIFTS


@pytest.fixture(scope="session")
def accounts(sqlite_site):
    return get_accounts(sqlite_site)


@pytest.fixture(scope="session")
def contexts(browser, sqlite_site, browser_context_args, accounts):
    """Return a function that returns the context of an account."""
    opened = {}

    def context_of(account: str):
        if account not in opened:
            context = opened[account] = browser.new_context(**browser_context_args)
            context.set_default_timeout(TIMEOUT_MS)
            context.add_init_script(MEASURE_SHIFTS)
            if session := accounts[account].get("session"):
                context.add_cookies([{"name": "sessionid", "value": session, "url": sqlite_site.url}])
        return opened[account]

    yield context_of
    for context in opened.values():
        context.close()
