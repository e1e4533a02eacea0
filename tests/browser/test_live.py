"""Two devices of one person: what is changed on the one is shown on the other, and nobody's work is torn away."""

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import TIMEOUT_MS, run_clock_until, sign_up
from tests.browser.site import Site
from tests.browser.test_streams import master_of
from tests.browser.test_todos import add_steps, edit
from tests.browser.uploading import SLOWER, Line, drop_at, make_file

THREE = ["buy some cheese", "feed the cat", "book a doctors appointment"]


ENDLESS_STREAM = re.compile(r"/api/todos/stream/(?!.*once)")


class Device:
    """One of them, and what its page has asked the server for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        self.errors: list[str] = []
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    @property
    def rows(self) -> Locator:
        return self.page.locator(".todo-list li")

    @property
    def titles(self) -> Locator:
        return self.rows.locator("label")

    @property
    def left(self) -> Locator:
        return self.page.locator(".todo-count")

    def row(self, title: str) -> Locator:
        return self.rows.filter(has=self.page.get_by_text(title, exact=True))

    def add(self, *titles: str) -> None:
        for title in titles:
            self.page.locator(".new-todo").fill(title)
            self.page.locator(".new-todo").press("Enter")

    def rename(self, title: str, new: str) -> None:
        field = edit(self.row(title))
        field.fill(new)
        field.press("Enter")

    def choose(self, filter: str) -> None:
        self.page.locator(".filters").get_by_text(filter, exact=True).click()
        expect(self.page.locator(".filters .selected")).to_have_text(filter)

    def look_away(self, is_hidden: bool = True) -> None:
        """Another tab is in front of this one."""
        self.page.evaluate(
            """is_hidden => {
                Object.defineProperty(document, "hidden", { value: is_hidden, configurable: true });
                document.dispatchEvent(new Event("visibilitychange"));
            }""",
            is_hidden,
        )

    def questions(self) -> list[list[str]]:
        """What it has asked about changes that were made elsewhere."""
        return [re.findall(r"id=(\d+)", url) for url in self.asked if "/todos/changes/" in url]


@pytest.fixture
def devices(page, browser, sqlite_site, request):
    with two_devices(page, browser, sqlite_site, request.node.originalname[5:155]) as both:
        yield both


@contextmanager
def two_devices(page: Page, browser: Browser, site: Site, name: str) -> Iterator[tuple[Device, Device]]:
    """Both show a list of three, of somebody new."""
    sign_up(page, site, name)
    here = Device(page)
    here.add(*THREE)
    expect(here.titles).to_have_text(THREE)
    context = browser.new_context(storage_state=page.context.storage_state())
    other = context.new_page()
    other.set_default_timeout(TIMEOUT_MS)
    there = Device(other)
    other.goto(f"{site.url}/todos/")
    expect(there.titles).to_have_text(THREE)
    yield here, there
    context.close()
    assert here.errors + there.errors == []


def test_whatever_is_done_on_the_one_is_seen_on_the_other(devices, sqlite_site):
    here, there = devices
    here.add("water the plants")
    expect(there.titles).to_have_text([*THREE, "water the plants"])
    expect(there.left).to_have_text("4 items left")

    there.row("feed the cat").locator(".toggle").click()
    expect(here.row("feed the cat")).to_have_class("completed")
    expect(here.left).to_have_text("3 items left")
    expect(here.page.locator(".clear-completed")).to_be_visible()

    here.rename("feed the cat", "feed the dog")
    expect(there.titles).to_have_text([THREE[0], "feed the dog", THREE[2], "water the plants"])

    here.page.get_by_role("button", name="Move water the plants").focus()
    here.page.keyboard.press("Alt+ArrowUp")
    here.page.keyboard.press("Alt+ArrowUp")
    expect(there.titles).to_have_text([THREE[0], "water the plants", "feed the dog", THREE[2]])

    there.page.get_by_role("button", name="Delete water the plants").click()
    expect(here.titles).to_have_text([THREE[0], "feed the dog", THREE[2]])
    batch = there.page.locator("[name=undo]").get_attribute("value")
    here.page.goto(f"{sqlite_site.url}/todos/?undo={batch}")
    here.page.get_by_role("button", name="Undo").click()
    expect(there.titles).to_have_text([THREE[0], "water the plants", "feed the dog", THREE[2]])
    expect(there.page.locator("#undo")).to_be_empty()  # it was done elsewhere

    here.page.locator(".clear-completed").click()
    expect(there.titles).to_have_text([THREE[0], "water the plants", THREE[2]])
    expect(there.page.locator(".clear-completed")).to_be_hidden()

    there.page.locator(".toggle-all").click()
    expect(here.page.locator(".todo-list li.completed")).to_have_count(3)
    expect(here.left).to_have_text("0 items left")
    expect(here.page.locator(".toggle-all")).to_be_checked()

    there.page.locator(".clear-completed").click()
    expect(here.rows).to_have_count(0)
    expect(here.page.get_by_text("Nothing here yet")).to_be_visible()


def test_each_sees_what_its_filter_and_its_search_show(devices):
    here, there = devices
    there.choose("Active")
    here.row("feed the cat").locator(".toggle").click()
    expect(there.titles).to_have_text([THREE[0], THREE[2]])
    there.choose("Completed")
    expect(there.titles).to_have_text([THREE[1]])
    here.row(THREE[0]).locator(".toggle").click()
    expect(there.titles).to_have_text(THREE[:2])
    there.choose("All")
    there.page.get_by_label("Search the list").fill("cat")
    expect(there.titles).to_have_text(["feed the cat"])
    here.add("stroke the cat", "walk the dog")
    expect(there.titles).to_have_text(["feed the cat", "stroke the cat"])
    expect(there.left).to_have_text("3 items left")
    here.rename("feed the cat", "feed the dog")
    expect(there.titles).to_have_text(["stroke the cat"])


def test_what_was_changed_here_is_not_asked_for(devices):
    here, there = devices
    here.row(THREE[0]).locator(".toggle").click()
    here.rename(THREE[1], "feed the dog")
    here.page.get_by_role("button", name=f"Move {THREE[2]}").focus()
    here.page.keyboard.press("Alt+ArrowUp")
    here.page.get_by_role("button", name="Delete feed the dog").click()
    here.page.get_by_role("button", name="Undo").click()
    expect(here.titles).to_have_text([THREE[0], THREE[2], "feed the dog"])
    here.choose("Active")
    here.row(THREE[2]).locator(".toggle").click()
    expect(here.titles).to_have_text(["feed the dog"])
    here.page.locator(".clear-completed").click()
    expect(there.titles).to_have_text(["feed the dog"])
    there.add("water the plants")
    expect(here.titles).to_have_text(["feed the dog", "water the plants"])
    assert here.questions() == [[here.rows.last.get_attribute("id").removeprefix("todo-")]]


def test_a_list_that_is_overtaken_by_a_change_gets_it_all_the_same(devices, sqlite_site):
    here, _ = devices
    late = here.page.request.get(f"{sqlite_site.url}/todos/active/", headers={"HX-Request": "true"}).text()
    waiting = []
    here.page.route("**/todos/active/", lambda route: waiting.append(route))
    here.page.locator(".filters").get_by_text("Active", exact=True).click()
    here.page.wait_for_function("document.querySelector('.filters .htmx-request')")
    here.add("water the plants")
    expect(here.titles).to_have_text([*THREE, "water the plants"])
    (route,) = waiting
    route.fulfill(body=late, content_type="text/html")
    expect(here.page.locator(".filters .selected")).to_have_text("Active")
    expect(here.titles).to_have_text([*THREE, "water the plants"])


def test_who_edits_is_not_disturbed_and_has_the_last_word_and_what_was_typed_outlives_a_delete(devices):
    here, there = devices
    field = edit(here.row("feed the cat"))
    field.fill("feed the dog")
    there.rename("feed the cat", "feed the canary")
    there.page.get_by_role("button", name="Delete buy some cheese").click()
    expect(here.rows).to_have_count(2)
    expect(field).to_be_focused()
    expect(field).to_have_value("feed the dog")
    field.press("Escape")
    expect(here.titles).to_have_text(["feed the canary", THREE[2]])
    edit(here.row("feed the canary")).fill("feed them all")
    there.row("feed the canary").locator(".toggle").click()
    there.add("water the plants")
    expect(here.rows).to_have_count(3)
    here.page.keyboard.press("Enter")
    expect(there.titles).to_have_text(["feed them all", THREE[2], "water the plants"])
    expect(here.titles).to_have_text(["feed them all", THREE[2], "water the plants"])
    expect(here.row("feed them all")).to_have_class("completed")

    edit(here.row("feed them all")).fill("feed nobody")
    there.page.get_by_role("button", name="Delete feed them all").click()
    there.add("mow the lawn")
    expect(here.rows).to_have_count(4)
    here.page.keyboard.press("Enter")
    expect(here.rows.first.get_by_role("alert")).to_be_visible()
    expect(here.rows.first.locator(".edit")).to_have_value("feed nobody")
    here.page.keyboard.press("Escape")
    expect(here.titles).to_have_text([THREE[2], "water the plants", "mow the lawn"])


def test_the_focus_stays_and_goes_to_a_neighbour_when_its_row_goes(devices):
    here, there = devices
    here.row("feed the cat").locator(".toggle").focus()
    there.page.get_by_role("button", name="Move feed the cat").focus()
    there.page.keyboard.press("Alt+ArrowUp")
    there.row("feed the cat").locator(".toggle").click()
    expect(here.rows.first).to_have_class("completed")
    expect(here.row("feed the cat").locator(".toggle")).to_be_focused()
    there.page.get_by_role("button", name="Delete feed the cat").click()
    expect(here.titles).to_have_text([THREE[0], THREE[2]])
    expect(here.rows.first.locator(".toggle")).to_be_focused()


def test_what_happens_while_nobody_looks_is_shown_when_somebody_does(devices):
    here, there = devices
    there.look_away()
    here.page.get_by_role("button", name="Delete feed the cat").click()
    expect(here.page.get_by_role("button", name="Undo")).to_be_visible()  # which moves what is below it
    here.add("water the plants")
    here.row(THREE[0]).locator(".toggle").click()
    expect(here.left).to_have_text("2 items left")
    expect(there.titles).to_have_text(THREE)
    before = len(there.asked)
    there.look_away(False)
    expect(there.titles).to_have_text([THREE[0], THREE[2], "water the plants"])
    expect(there.rows.first).to_have_class("completed")
    assert all("/stream/" in url or "/changes/" in url for url in there.asked[before:])


COUNT_COUNTS = """() => {
    window.mostCounts = 0;
    const count = () => {
        window.mostCounts = Math.max(window.mostCounts, document.querySelectorAll(".todo-count").length);
    };
    new MutationObserver(count).observe(document.body, { childList: true, subtree: true });
}"""
"""Record how many counts the page has at most: the rows of a replaced list are removed in batches."""


def test_many_changes_and_what_is_further_down_than_a_page_reaches(devices, sqlite_site):
    here, there = devices
    add_steps(here.page, sqlite_site, 107)
    for device in devices:
        device.page.reload()
        expect(device.rows).to_have_count(100)
    there.add("the last")
    expect(here.left).to_have_text("111 items left")
    expect(here.rows).to_have_count(100)
    here.rows.last.scroll_into_view_if_needed()
    here.page.mouse.wheel(0, 10_000)
    expect(here.rows).to_have_count(111)
    expect(here.rows.last).to_have_text("the last")
    here.page.evaluate(COUNT_COUNTS)
    there.page.locator(".toggle-all").click()
    expect(here.left).to_have_text("0 items left")
    expect(here.page.locator(".todo-list li.completed")).to_have_count(111)
    assert here.page.evaluate("scrollY") > 1000
    assert here.page.evaluate("window.mostCounts") == 1


def test_changed_rows_at_the_end_of_a_page_are_replaced(devices, sqlite_site):
    here, there = devices
    add_steps(here.page, sqlite_site, 107)
    for device in devices:
        device.page.reload()
        expect(device.rows).to_have_count(100)
    titles = there.titles.all_text_contents()
    there.look_away()
    for index in (98, 99):
        here.rows.nth(index).locator(".toggle").click()
    expect(here.left).to_have_text("108 items left")
    there.look_away(False)
    expect(there.left).to_have_text("108 items left")
    expect(there.page.locator(".todo-list li.completed")).to_have_count(2)
    expect(there.titles).to_have_text(titles)


def test_a_file_on_its_way_stays_in_a_row_that_is_changed_elsewhere(devices, tmp_path):
    here, there = devices
    line = Line(here.page)
    line.throttle(SLOWER)
    box = here.row("feed the cat").bounding_box()
    drop_at(here.page, box["x"] + 100, box["y"] + 10, make_file(tmp_path))
    bar = here.page.get_by_role("progressbar")
    expect(bar).to_be_visible()
    there.rename("feed the cat", "feed the dog")
    expect(here.row("feed the dog").get_by_role("progressbar")).to_be_visible()
    line.throttle()
    for device in devices:
        expect(device.row("feed the dog").get_by_role("link", name="data.bin")).to_be_visible()
    expect(bar).to_have_count(0)


def test_list_is_polled_behind_a_proxy_that_buffers_streams_and_streamed_later(devices):
    here, there = devices
    there.page.clock.install()
    there.page.route(ENDLESS_STREAM, lambda route: None)
    there.page.reload()
    here.add("water the plants")
    wait_until_shown(there, [*THREE, "water the plants"])
    here.page.get_by_role("button", name="Delete feed the cat").click()
    wait_until_shown(there, [THREE[0], THREE[2], "water the plants"])
    there.page.unroute(ENDLESS_STREAM)
    there.asked.clear()
    run_clock_until(there.page, lambda: any(map(ENDLESS_STREAM.search, there.asked)))
    here.add("mow the lawn")
    expect(there.titles).to_have_text([THREE[0], THREE[2], "water the plants", "mow the lawn"])


def test_list_is_polled_while_the_server_has_too_many_streams(devices):
    here, there = devices
    there.page.route(ENDLESS_STREAM, lambda route: route.fulfill(status=503, headers={"Retry-After": "600"}))
    there.page.reload()
    here.add("water the plants")
    expect(there.titles).to_have_text([*THREE, "water the plants"])


def wait_until_shown(device: Device, titles: list[str]) -> None:
    run_clock_until(device.page, lambda: device.titles.all_text_contents() == titles)
    expect(device.titles).to_have_text(titles)


def test_a_log_in_of_somebody_else_shows_nothing_of_theirs(devices, sqlite_site):
    _, there = devices
    context = there.page.context
    context.clear_cookies()
    stranger = context.new_page()
    sign_up(stranger, sqlite_site, "somebody-else")
    stranger.locator(".new-todo").fill("their secret")
    with context.expect_event("request", lambda request: "/todos/changes/" in request.url) as asked:
        there.look_away(False)
        stranger.locator(".new-todo").press("Enter")
    assert asked.value.response().status == 403
    expect(there.titles).to_have_text(THREE)
    there.choose("Active")  # which loads the page again: it is theirs now, and says so
    expect(there.titles).to_have_text(["their secret"])
    expect(there.page.locator("#todoapp")).to_have_attribute("data-user", "somebody-else")


def test_streams_that_end_miss_nothing_and_processes_need_not_know_of_each_other(page, browser, postgresql_site):
    with two_devices(page, browser, postgresql_site, "live-on-postgresql") as (here, there):
        for number in range(3):
            here.add(f"new {number}")
            os.kill(master_of(postgresql_site), signal.SIGHUP)
            here.row(f"new {number}").locator(".toggle").click()
            there.rename(THREE[number], f"thing {number}")
        titles = ["thing 0", "thing 1", "thing 2", "new 0", "new 1", "new 2"]
        for device in (here, there):
            expect(device.titles).to_have_text(titles)
            expect(device.page.locator(".todo-list li.completed")).to_have_count(3)
            expect(device.left).to_have_text("3 items left")
