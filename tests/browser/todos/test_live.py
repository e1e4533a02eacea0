"""Two devices of a user: each shows the other's changes, and keeps its own focus and unsaved input."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import TIMEOUT_MS, run_clock_until, sign_up
from tests.browser.network import SLOWER
from tests.browser.site import Site
from tests.browser.todos.helpers import TITLES, add_numbered_todos, edit
from tests.browser.uploads.helpers import drop_at, make_file

OPEN_ENDED_STREAM = re.compile(r"/api/todos/stream/(?!.*once)")

SET_HIDDEN = """isHidden => {
    Object.defineProperty(document, "hidden", { value: isHidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


class Device:
    """The page of a device, with its requests and script errors."""

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
        """Return the ids of each request for changed to-dos."""
        return [re.findall(r"id=(\d+)", url) for url in self.requested_urls if "/todos/changes/" in url]


@pytest.fixture
def devices(page, browser, sqlite_site, username):
    with two_devices(page, browser, sqlite_site, username) as devices:
        yield devices


@contextmanager
def two_devices(page: Page, browser: Browser, site: Site, name: str) -> Iterator[tuple[Device, Device]]:
    """Open a new user's list of three to-dos on two devices. Assert afterwards that neither had a script error."""
    sign_up(page, site, name)
    here = Device(page)
    here.add(*TITLES)
    expect(here.titles).to_have_text(TITLES)
    context = browser.new_context(storage_state=page.context.storage_state())
    other = context.new_page()
    other.set_default_timeout(TIMEOUT_MS)
    there = Device(other)
    other.goto(f"{site.url}/todos/")
    expect(there.titles).to_have_text(TITLES)
    yield here, there
    context.close()
    assert here.errors + there.errors == []


def test_changes_are_shown_on_the_other_device(devices, sqlite_site):
    here, there = devices
    here.add("water the plants")
    expect(there.titles).to_have_text([*TITLES, "water the plants"])
    expect(there.counter).to_have_text("4 items left")

    there.row("feed the cat").locator(".toggle").click()
    expect(here.row("feed the cat")).to_have_class("completed")
    expect(here.counter).to_have_text("3 items left")
    expect(here.page.locator(".clear-completed")).to_be_visible()

    here.rename("feed the cat", "feed the dog")
    expect(there.titles).to_have_text([TITLES[0], "feed the dog", TITLES[2], "water the plants"])

    here.page.get_by_role("button", name="Move water the plants").focus()
    here.page.keyboard.press("Alt+ArrowUp")
    here.page.keyboard.press("Alt+ArrowUp")
    expect(there.titles).to_have_text([TITLES[0], "water the plants", "feed the dog", TITLES[2]])

    there.page.get_by_role("button", name="Delete water the plants").click()
    expect(here.titles).to_have_text([TITLES[0], "feed the dog", TITLES[2]])
    batch = there.page.locator("[name=undo]").get_attribute("value")
    here.page.goto(f"{sqlite_site.url}/todos/?undo={batch}")
    here.page.get_by_role("button", name="Undo").click()
    expect(there.titles).to_have_text([TITLES[0], "water the plants", "feed the dog", TITLES[2]])
    expect(there.page.locator("#undo")).to_be_empty()  # because the other device did it

    here.page.locator(".clear-completed").click()
    expect(there.titles).to_have_text([TITLES[0], "water the plants", TITLES[2]])
    expect(there.page.locator(".clear-completed")).to_be_hidden()

    there.page.locator(".toggle-all").click()
    expect(here.page.locator(".todo-list li.completed")).to_have_count(3)
    expect(here.counter).to_have_text("0 items left")
    expect(here.page.locator(".toggle-all")).to_be_checked()

    there.page.locator(".clear-completed").click()
    expect(here.rows).to_have_count(0)
    expect(here.page.get_by_text("Nothing here yet")).to_be_visible()


def test_changes_follow_the_filter_and_the_search_of_each_device(devices):
    here, there = devices
    there.select_filter("Active")
    here.row("feed the cat").locator(".toggle").click()
    expect(there.titles).to_have_text([TITLES[0], TITLES[2]])
    there.select_filter("Completed")
    expect(there.titles).to_have_text([TITLES[1]])
    here.row(TITLES[0]).locator(".toggle").click()
    expect(there.titles).to_have_text(TITLES[:2])
    there.select_filter("All")
    there.page.get_by_label("Search the list").fill("cat")
    expect(there.titles).to_have_text(["feed the cat"])
    here.add("stroke the cat", "walk the dog")
    expect(there.titles).to_have_text(["feed the cat", "stroke the cat"])
    expect(there.counter).to_have_text("3 items left")
    here.rename("feed the cat", "feed the dog")
    expect(there.titles).to_have_text(["stroke the cat"])


def test_own_changes_are_not_requested(devices):
    here, there = devices
    here.row(TITLES[0]).locator(".toggle").click()
    here.rename(TITLES[1], "feed the dog")
    here.page.get_by_role("button", name=f"Move {TITLES[2]}").focus()
    here.page.keyboard.press("Alt+ArrowUp")
    here.page.get_by_role("button", name="Delete feed the dog").click()
    here.page.get_by_role("button", name="Undo").click()
    expect(here.titles).to_have_text([TITLES[0], TITLES[2], "feed the dog"])
    here.select_filter("Active")
    here.row(TITLES[2]).locator(".toggle").click()
    expect(here.titles).to_have_text(["feed the dog"])
    here.page.locator(".clear-completed").click()
    expect(there.titles).to_have_text(["feed the dog"])
    there.add("water the plants")
    expect(here.titles).to_have_text(["feed the dog", "water the plants"])
    assert here.requested_changes() == [[here.rows.last.get_attribute("id").removeprefix("todo-")]]


def test_change_during_a_request_for_the_list_is_shown_after_it(devices, sqlite_site):
    here, _ = devices
    outdated = here.page.request.get(f"{sqlite_site.url}/todos/active/", headers={"HX-Request": "true"}).text()
    routes = []
    here.page.route("**/todos/active/", lambda route: routes.append(route))
    here.page.locator(".filters").get_by_text("Active", exact=True).click()
    here.page.wait_for_function("document.querySelector('.filters .htmx-request')")
    here.add("water the plants")
    expect(here.titles).to_have_text([*TITLES, "water the plants"])
    (route,) = routes
    route.fulfill(body=outdated, content_type="text/html")
    expect(here.page.locator(".filters .selected")).to_have_text("Active")
    expect(here.titles).to_have_text([*TITLES, "water the plants"])


def test_edit_is_kept_during_changes_of_its_todo_and_after_its_deletion(devices):
    here, there = devices
    field = edit(here.row("feed the cat"))
    field.fill("feed the dog")
    there.rename("feed the cat", "feed the canary")
    there.page.get_by_role("button", name="Delete buy some cheese").click()
    expect(here.rows).to_have_count(2)
    expect(field).to_be_focused()
    expect(field).to_have_value("feed the dog")
    field.press("Escape")
    expect(here.titles).to_have_text(["feed the canary", TITLES[2]])
    edit(here.row("feed the canary")).fill("feed them all")
    there.row("feed the canary").locator(".toggle").click()
    there.add("water the plants")
    expect(here.rows).to_have_count(3)
    here.page.keyboard.press("Enter")
    expect(there.titles).to_have_text(["feed them all", TITLES[2], "water the plants"])
    expect(here.titles).to_have_text(["feed them all", TITLES[2], "water the plants"])
    expect(here.row("feed them all")).to_have_class("completed")

    edit(here.row("feed them all")).fill("feed nobody")
    there.page.get_by_role("button", name="Delete feed them all").click()
    there.add("mow the lawn")
    expect(here.rows).to_have_count(4)
    here.page.keyboard.press("Enter")
    expect(here.rows.first.get_by_role("alert")).to_be_visible()
    expect(here.rows.first.locator(".edit")).to_have_value("feed nobody")
    here.page.keyboard.press("Escape")
    expect(here.titles).to_have_text([TITLES[2], "water the plants", "mow the lawn"])


def test_focus_is_kept_and_moves_to_a_neighbour_of_a_deleted_row(devices):
    here, there = devices
    here.row("feed the cat").locator(".toggle").focus()
    there.page.get_by_role("button", name="Move feed the cat").focus()
    there.page.keyboard.press("Alt+ArrowUp")
    there.row("feed the cat").locator(".toggle").click()
    expect(here.rows.first).to_have_class("completed")
    expect(here.row("feed the cat").locator(".toggle")).to_be_focused()
    there.page.get_by_role("button", name="Delete feed the cat").click()
    expect(here.titles).to_have_text([TITLES[0], TITLES[2]])
    expect(here.rows.first.locator(".toggle")).to_be_focused()


def test_hidden_page_shows_changes_when_it_becomes_visible(devices):
    here, there = devices
    there.set_hidden(True)
    here.page.get_by_role("button", name="Delete feed the cat").click()
    expect(here.page.get_by_role("button", name="Undo")).to_be_visible()  # an element that is inserted above the list
    here.add("water the plants")
    here.row(TITLES[0]).locator(".toggle").click()
    expect(here.counter).to_have_text("2 items left")
    expect(there.titles).to_have_text(TITLES)
    count = len(there.requested_urls)
    there.set_hidden(False)
    expect(there.titles).to_have_text([TITLES[0], TITLES[2], "water the plants"])
    expect(there.rows.first).to_have_class("completed")
    assert all("/stream/" in url or "/changes/" in url for url in there.requested_urls[count:])


RECORD_MAX_COUNTERS = """() => {
    window.maxCounters = 0;
    const record = () => {
        window.maxCounters = Math.max(window.maxCounters, document.querySelectorAll(".todo-count").length);
    };
    new MutationObserver(record).observe(document.body, { childList: true, subtree: true });
}"""
"""Record how many counters the page ever has. While a list is replaced, its old rows are removed in batches."""


def test_many_changes_are_shown_in_a_list_of_several_pages(devices, sqlite_site):
    here, there = devices
    add_numbered_todos(here.page, sqlite_site, 107)
    for device in devices:
        device.page.reload()
        expect(device.rows).to_have_count(100)
    there.add("the last")
    expect(here.counter).to_have_text("111 items left")
    expect(here.rows).to_have_count(100)
    here.rows.last.scroll_into_view_if_needed()
    here.page.mouse.wheel(0, 10_000)
    expect(here.rows).to_have_count(111)
    expect(here.rows.last).to_have_text("the last")
    here.page.evaluate(RECORD_MAX_COUNTERS)
    there.page.locator(".toggle-all").click()
    expect(here.counter).to_have_text("0 items left")
    expect(here.page.locator(".todo-list li.completed")).to_have_count(111)
    assert here.page.evaluate("scrollY") > 1000
    assert here.page.evaluate("window.maxCounters") == 1


def test_changed_rows_at_the_end_of_a_page_are_replaced(devices, sqlite_site):
    here, there = devices
    add_numbered_todos(here.page, sqlite_site, 107)
    for device in devices:
        device.page.reload()
        expect(device.rows).to_have_count(100)
    titles = there.titles.all_text_contents()
    there.set_hidden(True)
    for index in (98, 99):
        here.rows.nth(index).locator(".toggle").click()
    expect(here.counter).to_have_text("108 items left")
    there.set_hidden(False)
    expect(there.counter).to_have_text("108 items left")
    expect(there.page.locator(".todo-list li.completed")).to_have_count(2)
    expect(there.titles).to_have_text(titles)


def test_upload_continues_in_a_row_that_changes_on_the_other_device(devices, network, tmp_path):
    here, there = devices
    network.throttle(SLOWER)
    box = here.row("feed the cat").bounding_box()
    drop_at(here.page, box["x"] + 100, box["y"] + 10, make_file(tmp_path))
    bar = here.page.get_by_role("progressbar")
    expect(bar).to_be_visible()
    there.rename("feed the cat", "feed the dog")
    expect(here.row("feed the dog").get_by_role("progressbar")).to_be_visible()
    network.throttle()
    for device in devices:
        expect(device.row("feed the dog").get_by_role("link", name="data.bin")).to_be_visible()
    expect(bar).to_have_count(0)


def test_list_is_polled_behind_a_proxy_that_buffers_streams_and_streamed_later(devices):
    here, there = devices
    there.page.clock.install()
    there.page.route(OPEN_ENDED_STREAM, lambda route: None)
    there.page.reload()
    here.add("water the plants")
    wait_until_shown(there, [*TITLES, "water the plants"])
    here.page.get_by_role("button", name="Delete feed the cat").click()
    wait_until_shown(there, [TITLES[0], TITLES[2], "water the plants"])
    there.page.unroute(OPEN_ENDED_STREAM)
    there.requested_urls.clear()
    run_clock_until(there.page, lambda: any(map(OPEN_ENDED_STREAM.search, there.requested_urls)))
    here.add("mow the lawn")
    expect(there.titles).to_have_text([TITLES[0], TITLES[2], "water the plants", "mow the lawn"])


def test_list_is_polled_while_the_server_has_too_many_streams(devices):
    here, there = devices
    there.page.route(OPEN_ENDED_STREAM, lambda route: route.fulfill(status=503, headers={"Retry-After": "600"}))
    there.page.reload()
    here.add("water the plants")
    expect(there.titles).to_have_text([*TITLES, "water the plants"])


def wait_until_shown(device: Device, titles: list[str]) -> None:
    run_clock_until(device.page, lambda: device.titles.all_text_contents() == titles)
    expect(device.titles).to_have_text(titles)


def test_page_does_not_show_changes_of_a_user_who_logged_in_later(devices, sqlite_site):
    _, there = devices
    context = there.page.context
    context.clear_cookies()
    other_user = context.new_page()
    sign_up(other_user, sqlite_site, "another-user")
    other_user.locator(".new-todo").fill("their secret")
    with context.expect_event("request", lambda request: "/todos/changes/" in request.url) as request:
        there.set_hidden(False)
        other_user.locator(".new-todo").press("Enter")
    assert request.value.response().status == 403
    expect(there.titles).to_have_text(TITLES)
    there.select_filter("Active")  # reloads the page, which then belongs to the new user
    expect(there.titles).to_have_text(["their secret"])
    expect(there.page.locator("#todoapp")).to_have_attribute("data-user", "another-user")


def test_changes_are_shown_while_server_processes_are_replaced(page, browser, postgresql_site):
    with two_devices(page, browser, postgresql_site, "live-on-postgresql") as (here, there):
        for number in range(3):
            here.add(f"new {number}")
            os.kill(postgresql_site.web_master(), signal.SIGHUP)
            here.row(f"new {number}").locator(".toggle").click()
            there.rename(TITLES[number], f"thing {number}")
        titles = ["thing 0", "thing 1", "thing 2", "new 0", "new 1", "new 2"]
        for device in (here, there):
            expect(device.titles).to_have_text(titles)
            expect(device.page.locator(".todo-list li.completed")).to_have_count(3)
            expect(device.counter).to_have_text("3 items left")
