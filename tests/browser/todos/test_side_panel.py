"""The side panel of the list, with the page of a to-do."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.todos.helpers import TITLES

LIST = re.compile(r"/todos/$")
ONE_TODO = re.compile(r"/todos/\d+/$")


@pytest.fixture
def panel(page, todos):
    """The panel with the second to-do."""
    todos.nth(1).hover()
    todos.nth(1).get_by_role("link", name="Edit").click()
    panel = page.get_by_role("dialog", name="To-do")
    expect(panel.get_by_label("Title")).to_be_focused()
    return panel


@pytest.mark.usefixtures("no_errors")
def test_panel_saves_a_todo_and_returns_to_the_list(page, todos, panel):
    expect(page).to_have_url(ONE_TODO)
    panel.get_by_label("Title").fill("feed the dog 3 dec 2031")
    expect(panel.get_by_text("from “3 dec 2031”")).to_be_visible()
    panel.get_by_role("button", name="Save").click()
    expect(panel).to_be_hidden()
    expect(page).to_have_url(LIST)
    expect(todos.nth(1).locator("label")).to_have_text("feed the dog")
    page.get_by_label("Search the list").fill("dog")
    expect(todos.locator("label")).to_have_text(["feed the dog"])


def test_leaving_the_panel_saves_changes_and_cancel_discards_them(page, todos, panel):
    panel.get_by_label("Notes").fill("twice a day")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    todos.nth(1).get_by_role("link", name="Edit").click()
    expect(panel.get_by_label("Notes")).to_have_value("twice a day")
    panel.get_by_label("Title").fill("")
    panel.get_by_role("button", name="Close").click()
    expect(panel.get_by_text("Enter a title.")).to_be_visible()
    panel.get_by_role("link", name="Cancel").click()
    expect(panel).to_be_hidden()
    expect(todos.nth(1).locator("label")).to_have_text(TITLES[1])


@pytest.mark.usefixtures("no_errors")
def test_back_closes_the_panel_and_forward_shows_the_page(page, todos, panel):
    page.evaluate("window.wasNotReloaded = true")
    page.go_back()
    expect(panel).to_be_hidden()
    assert page.evaluate("window.wasNotReloaded")
    page.go_forward()
    expect(page.get_by_role("main").get_by_label("Title")).to_have_value(TITLES[1])


def test_input_is_kept_when_the_panel_cannot_be_saved(page, todos, panel):
    page.context.clear_cookies()
    panel.get_by_label("Notes").fill("twice a day")
    panel.get_by_role("button", name="Save").click()
    expect(panel.get_by_role("alert")).to_contain_text("Log in in another tab")
    expect(panel.get_by_label("Notes")).to_have_value("twice a day")


@pytest.mark.usefixtures("no_errors")
def test_files_are_attached_in_the_panel(page, todos, panel):
    panel.get_by_label("Attach a file").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"})
    panel.get_by_role("button", name="Attach", exact=True).click()
    expect(panel.get_by_role("link", name="a.txt")).to_be_visible()
    panel.get_by_role("link", name="Cancel").click()
    expect(todos.nth(1).get_by_role("link", name="a.txt")).to_be_visible()
