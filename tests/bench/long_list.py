"""Longest task of a page's main thread, by CPU time, in a list of thousands of to-dos in Chromium.

Wall-clock time would depend on the load of the machine. `PerformanceObserver` reports only that, so the tasks are read
from a trace. For changes of one to-do, the time until the next paint is measured as well, as users experience it.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from unittest.mock import patch

from django.contrib.auth.models import User
from django.utils import timezone
from playwright.sync_api import Browser, Page, sync_playwright

from tests.bench.databases import Databases, using
from tests.bench.results import Result
from tests.bench.size import size
from tests.browser.conftest import launch_options, sign_up
from tests.browser.site import running_site
from tests.todos.pages.helpers import make_plain_todos
from todos.models import Todo

ROWS = size(5000, quick=400)
TIMEOUT_MS = 300_000
SETTLE_MS = 300
LIMIT_MS = 100.0
CHANGED_ROWS = 90

ALLOW_QUERIES = patch.dict(os.environ, DJANGO_ALLOW_ASYNC_UNSAFE="true")
"""Playwright's synchronous API runs an event loop in this thread, in which Django would not allow queries."""

ROW_COUNT = "document.getElementById('todo-list').children.length"
MIDDLE = """selector => {
    const element = document.querySelector(selector);
    element.scrollIntoView({ block: "nearest" });
    const { x, y, width, height } = element.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
}"""
FOLLOW = "name => document.querySelector(`.filters a[href='/todos/${name}']`).click()"
OBSERVE_INTERACTIONS = """() => {
    window.interactions = [];
    const record = (list) => window.interactions.push(...list.getEntries().filter((event) => event.interactionId));
    new PerformanceObserver(record).observe({ type: "event", durationThreshold: 16 });
}"""
LONGEST_INTERACTION = "Math.max(0, ...window.interactions.splice(0).map((event) => event.duration))"
"""The time from input to the next paint in milliseconds, or 0 if all were shorter than the 16 ms of one frame."""

INTERACTIONS = ("complete the last", "delete the last", "add a to-do")
IDLE = "document.getElementById('todoapp').ariaBusy !== 'true'"


def measure(databases: Databases) -> Iterator[Result]:
    """Measure on SQLite: tasks of the browser don't depend on the database."""
    directory = databases.directory / "long-list"
    directory.mkdir()
    with running_site(directory) as site, ALLOW_QUERIES, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options("chromium-headless-shell"))
        page = browser.new_context(bypass_csp=True).new_page()  # Playwright evaluates strings
        page.set_default_timeout(TIMEOUT_MS)
        sign_up(page, site, "alice")
        with using(f"sqlite:///{site.state_dir / 'headway.sqlite3'}"):
            ids = _make_unchanged_list()
            page.reload()
            page.wait_for_selector("html.live")
            page.evaluate(OBSERVE_INTERACTIONS)
            for name, action in _actions(page, ids):
                page.evaluate(LONGEST_INTERACTION)
                longest = _longest_task_ms(browser, page, action)
                yield Result(f"long list: {name}, longest task", "sqlite", longest, LIMIT_MS, "ms CPU", max_ratio=1)
                if name in INTERACTIONS:
                    paint = page.evaluate(LONGEST_INTERACTION)
                    yield Result(f"long list: {name}, next paint", "sqlite", paint, LIMIT_MS, "ms", max_ratio=1)
        browser.close()


def _make_unchanged_list() -> list[int]:
    """Create the to-dos and return their ids. After more than 100 recent changes the page would reload its list."""
    owner = User.objects.get(username="alice")
    make_plain_todos(owner, ROWS)
    owner.todos.update(updated_at=timezone.now() - timedelta(days=1))
    return list(owner.todos.in_order().values_list("pk", flat=True))


def _actions(page: Page, ids: list[int]) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield names and actions. They don't use Playwright's selectors, which run in the main thread of the page."""
    last = ids[-1]
    changed_todos = Todo.objects.filter(pk__in=ids[200 : 200 + CHANGED_ROWS])
    are_removed = f"{ROW_COUNT} === {ROWS - CHANGED_ROWS}"
    yield f"scroll from 100 to {ROWS:,} rows", lambda: _scroll_to_end(page, ROWS)
    yield "complete the last", lambda: _click(page, f"#todo-{last} .toggle")
    yield "move the last by keyboard", lambda: _press(page, f"#todo-{last} .grip", "Alt+ArrowUp")
    yield f"show {CHANGED_ROWS} changes made elsewhere", lambda: _wait(page, changed_todos.trash, are_removed)
    yield "delete the last", lambda: _click(page, f"#todo-{last} .destroy")
    page.fill("#id_title", "New to-do")
    yield "add a to-do", lambda: _press(page, "#id_title", "Enter")
    rows = page.evaluate(ROW_COUNT)
    yield "search", lambda: _search(page, "Thing 42", f"{ROW_COUNT} <= 111")
    _search(page, "", f"{ROW_COUNT} === 100")
    _scroll_to_end(page, rows)
    yield "filter", lambda: _wait(page, lambda: page.evaluate(FOLLOW, "active/"), f"{ROW_COUNT} === 100")
    _wait(page, lambda: page.evaluate(FOLLOW, ""), "location.pathname === '/todos/'")
    _scroll_to_end(page, rows)
    yield "mark all as complete", lambda: _click(page, "#toggle-all", f"{ROW_COUNT} === 100")


def _scroll_to_end(page: Page, rows: int) -> None:
    while page.evaluate(ROW_COUNT) < rows:
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        page.wait_for_timeout(30)


def _search(page: Page, text: str, condition: str) -> None:
    page.evaluate("() => { const field = document.getElementById('id_q'); field.focus(); field.select(); }")
    press = (lambda: page.keyboard.insert_text(text)) if text else (lambda: page.keyboard.press("Delete"))
    _wait(page, press, condition)


def _click(page: Page, selector: str, condition: str = IDLE) -> None:
    """Click the middle of the element without a selector of Playwright."""
    x, y = page.evaluate(MIDDLE, selector)
    _wait(page, lambda: page.mouse.click(x, y), condition)


def _press(page: Page, selector: str, key: str) -> None:
    page.evaluate("selector => document.querySelector(selector).focus()", selector)
    _wait(page, lambda: page.keyboard.press(key), IDLE)


def _wait(page: Page, act: Callable[[], object], condition: str) -> None:
    act()
    page.wait_for_function(condition)


def _longest_task_ms(browser: Browser, page: Page, action: Callable[[], object]) -> float:
    with _trace(browser, page) as events:
        action()
        page.wait_for_timeout(SETTLE_MS)
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    tasks = (event for event in events if event["name"] == "RunTask" and (event["pid"], event["tid"]) in threads)
    return max((event.get("tdur", 0) for event in tasks), default=0) / 1000


@contextmanager
def _trace(browser: Browser, page: Page) -> Iterator[list[dict]]:
    events: list[dict] = []
    browser.start_tracing(page=page, categories=["disabled-by-default-devtools.timeline"])
    yield events
    events += json.loads(browser.stop_tracing())["traceEvents"]
