"""The dashboard's page, and API requests of another client of its user."""

from playwright.sync_api import APIResponse, Page, expect

from tests.browser.conftest import PASSWORD
from tests.browser.site import Site


def call_api(page: Page, site: Site, method: str, path: str, **options) -> APIResponse:
    """Send a request with the page's cookies, but not from the page. Raises AssertionError if it fails."""
    http = page.context.request
    token = http.get(f"{site.url}/api/session/", max_retries=2).json()["csrf_token"]
    response = http.fetch(f"{site.url}{path}", method=method, headers={"X-CSRFToken": token}, **options)
    assert response.ok, response.text()
    return response


def create_account(page: Page, site: Site, name: str) -> None:
    """Sign up and log in by HTTP, without opening a page."""
    page.context.clear_cookies()
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
    assert call_api(page, site, "POST", "/accounts/signup/", form=form).url == f"{site.url}/todos/"


def log_in_by_api(page: Page, site: Site, name: str) -> None:
    call_api(page, site, "POST", "/api/session/", data={"username": name, "password": PASSWORD})


def open_dashboard(page: Page, site: Site, name: str) -> None:
    """Sign up and open the dashboard."""
    create_account(page, site, name)
    page.goto(site.dashboard_url)
    expect(page.get_by_text(f"Logged in as {name}.")).to_be_visible()
