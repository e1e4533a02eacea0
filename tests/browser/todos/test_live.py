"""Two devices of a user: each shows the other's changes, and keeps its own focus and unsaved input."""

from playwright.sync_api import expect

from tests.browser.network import SLOWER
from tests.browser.todos.helpers import TITLES, HeldRequests, add_numbered_todos, edit
from tests.browser.uploads.helpers import drop_at, make_file


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
    expect(there.page.locator("#undo")).to_be_empty()  # the undo on the other device has closed the undo message

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


def test_changes_respect_each_devices_filter_and_search(devices):
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


def test_device_does_not_refetch_its_own_changes(devices):
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


def test_outdated_list_response_does_not_hide_newer_change(devices, sqlite_site):
    here, _ = devices
    outdated = here.page.request.get(f"{sqlite_site.url}/todos/active/", headers={"HX-Request": "true"}).text()
    requests = HeldRequests(here.page, "GET")
    here.page.locator(".filters").get_by_text("Active", exact=True).click()
    request = requests.next()
    here.add("water the plants")
    expect(here.titles).to_have_text([*TITLES, "water the plants"])
    request.fulfill(body=outdated, content_type="text/html")
    expect(here.page.locator(".filters .selected")).to_have_text("Active")
    expect(here.titles).to_have_text([*TITLES, "water the plants"])


def test_unsaved_edit_survives_remote_change_and_deletion(devices):
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


def test_focus_stays_on_changed_row_and_leaves_deleted_row(devices):
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
"""Record the largest number of `.todo-count` elements on the page.

A replaced list stays in the document until its rows are removed in batches, and must not show a second count.
"""


def test_many_changes_update_a_partly_loaded_list(devices, sqlite_site):
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


def test_changed_rows_at_the_end_of_a_batch_are_replaced(devices, sqlite_site):
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


def test_upload_continues_in_a_row_changed_on_the_other_device(devices, network, tmp_path):
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
