"""Files that are dropped on to-dos."""

import pytest
from playwright.sync_api import expect

from tests.browser.network import ALMOST_STOPPED, SLOWER
from tests.browser.todos.helpers import TITLES
from tests.browser.uploads.helpers import drop_at, make_file


@pytest.mark.usefixtures("no_errors")
def test_file_dropped_on_a_todo_is_uploaded_and_attached(page, network, todos, tmp_path):
    network.throttle(SLOWER)
    box = todos.nth(1).bounding_box()
    drop_at(page, box["x"] + 100, box["y"] + 10, make_file(tmp_path))
    expect(todos.nth(1).get_by_role("progressbar")).to_be_visible()
    todos.nth(1).locator(".toggle").click()
    expect(todos.nth(1)).to_have_class("completed")
    expect(todos.nth(1).get_by_role("progressbar")).to_be_visible()  # although the row was replaced
    network.throttle()
    expect(todos.nth(1).get_by_role("link", name="data.bin")).to_be_visible()
    expect(todos.nth(1).get_by_role("progressbar")).to_have_count(0)
    page.reload()
    todos.nth(1).get_by_role("link", name="data.bin").click()
    expect(page.get_by_role("heading", name="data.bin")).to_be_visible()


def test_progress_of_a_file_is_shown_again_with_the_row_of_its_todo(page, network, todos, tmp_path):
    network.throttle(ALMOST_STOPPED)
    titles, bar = todos.locator(".view label"), todos.nth(1).get_by_role("progressbar")
    search = page.get_by_label("Search the list")
    box = todos.nth(1).bounding_box()
    drop_at(page, box["x"] + 100, box["y"] + 10, make_file(tmp_path))
    expect(bar).to_be_visible()
    page.get_by_role("link", name="Completed").click()
    expect(todos).to_have_count(0)
    page.get_by_role("link", name="Active").click()
    expect(titles).to_have_text(TITLES)
    expect(bar).to_be_visible()
    search.fill("cheese")
    expect(titles).to_have_text(TITLES[:1])
    search.fill("")
    expect(titles).to_have_text(TITLES)
    expect(bar).to_be_visible()
    search.fill("cheese")
    expect(titles).to_have_text(TITLES[:1])
    with page.expect_response("**/attach/"):
        network.throttle()
    search.fill("")
    expect(todos.nth(1).get_by_role("link", name="data.bin")).to_be_visible()
    expect(bar).to_have_count(0)


def test_files_can_be_sent_again_if_the_code_that_sends_them_could_not_be_loaded(page, todos, tmp_path):
    page.route("**/attachment-sender.js", lambda route: route.abort())
    box = todos.nth(1).bounding_box()
    drop_at(page, box["x"] + 100, box["y"] + 10, make_file(tmp_path))
    expect(todos.nth(1).get_by_role("alert")).to_contain_text("The server can't be reached.")
    page.unroute("**/attachment-sender.js")
    todos.nth(1).get_by_role("button", name="Try again").click()
    expect(todos.nth(1).get_by_role("link", name="data.bin")).to_be_visible()
    expect(todos.nth(1).get_by_role("alert")).to_have_count(0)
