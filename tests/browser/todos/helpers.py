"""To-dos to begin with, and edits of them on the page."""

import re
import sqlite3
import time
from contextlib import closing

from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import CLOSE_CONNECTION, TIMEOUT_MS
from tests.browser.site import Site
from todos.ordering import GAP

TITLES = ["buy some cheese", "feed the cat", "book a doctors appointment"]
"""The titles that TodoMVC's own test suite uses."""


def edit(row: Locator) -> Locator:
    """Start to edit a row. Return its field."""
    expect(row.page.locator("#todoapp")).not_to_have_attribute("aria-busy", "true")  # a response may replace the row
    row.locator("label").dblclick()
    expect(row).to_have_class(re.compile(r"\bediting\b"))
    return row.locator(".edit")


def expect_saved(page: Page) -> None:
    """Wait until all changes of the page are saved. It shows them before that."""
    expect(page.locator("#todoapp")).to_have_attribute("aria-busy", "false")


def reload_after_saving(page: Page) -> None:
    """Reload the page after its changes are saved. Until then, it asks for confirmation."""
    expect_saved(page)
    page.reload()


def add_numbered_todos(page: Page, site: Site, count: int, due_on: str = "NULL") -> None:
    """Add to-dos, called "Step 0" and so on, and set their last change to an hour ago. All but the first are copies.

    `due_on` is an SQL expression of their `:number`.

    After more than a hundred recent changes, a stream reports only that there were many, and the page then replaces
    its list, which could happen at any time in a test.
    """
    http = page.context.request
    headers = {"X-CSRFToken": http.get(f"{site.url}/api/session/", headers=CLOSE_CONNECTION).json()["csrf_token"]}
    response = http.post(f"{site.url}/api/todos/", headers=headers | CLOSE_CONNECTION, data={"title": "Step 0"})
    first = response.json()["id"]
    changed = {
        "id": "NULL",
        "uid": "hex(randomblob(16))",
        "title": "replace(title, '0', :number)",
        "title_folded": "replace(title_folded, '0', :number)",
        "order": f'"order" + :number * {GAP}',
        "due_on": due_on,
    }
    with closing(sqlite3.connect(site.state_dir / "headway.sqlite3", timeout=30)) as database, database:
        change = f"UPDATE todos_todo SET updated_at = datetime('now', '-1 hour'), due_on = {due_on} WHERE id = :first"
        database.execute(change, {"first": first, "number": 0})
        names = [row[1] for row in database.execute("PRAGMA table_info(todos_todo)")]
        values = ", ".join(changed.get(name, f'"{name}"') for name in names)
        copy = f"INSERT INTO todos_todo SELECT {values} FROM todos_todo WHERE id = :first"
        database.executemany(copy, [{"first": first, "number": number} for number in range(1, count)])


class HeldRequests:
    """The requests of htmx with this method. They reach the server when the test lets them pass."""

    def __init__(self, page: Page, method: str = "POST") -> None:
        self._page = page
        self._method = method
        self._routes: list[Route] = []
        page.route("**/todos/**", self._on_request)

    def _on_request(self, route: Route) -> None:
        if (route.request.method, route.request.resource_type) == (self._method, "xhr"):
            self._routes.append(route)
        else:
            route.fallback()

    def next(self) -> Route:
        """Wait for the next request. A change is sent after the response to the one before."""
        deadline = time.monotonic() + TIMEOUT_MS / 1000
        while not self._routes:
            assert time.monotonic() < deadline, "the page has sent no request"
            self._page.wait_for_timeout(10)
        return self._routes.pop(0)
