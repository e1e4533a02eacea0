"""The behaviour that TodoMVC specifies: add, complete, edit, filter and clear to-dos, by the selectors of its tests."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_up
from tests.browser.todos.helpers import TITLES, HeldRequests, edit, expect_saved, reload_after_saving

pytestmark = pytest.mark.usefixtures("no_errors")


def test_empty_list_has_no_controls_and_focuses_the_field_for_new_todos(page, sqlite_site):
    sign_up(page, sqlite_site, "mvc-empty")
    expect(page.locator(".new-todo")).to_be_focused()
    for selector in (".main", ".footer", ".toggle-all", ".clear-completed"):
        expect(page.locator(selector)).to_be_hidden()
    expect(page.locator(".todo-list li")).to_have_count(0)
    expect(page.get_by_text("Nothing here yet")).to_be_visible()


def test_new_todo_is_trimmed_and_appended_and_shows_the_controls(page, sqlite_site, add):
    sign_up(page, sqlite_site, "mvc-add")
    add("   buy some cheese   ", "feed the cat", "   ")
    rows = page.locator(".todo-list li")
    expect(rows.locator("label")).to_have_text(TITLES[:2])
    assert rows.evaluate_all("rows => rows.map((row) => [row.textContent, row.innerText])") == [
        [title, title] for title in TITLES[:2]
    ]
    expect(page.locator(".new-todo")).to_have_value("   ")
    expect(page.locator(".main")).to_be_visible()
    expect(page.locator(".footer")).to_be_visible()
    expect(page.locator(".todo-count")).to_have_text("2 items left")
    expect(page.get_by_text("Nothing here yet")).to_be_hidden()


def test_todo_can_be_completed_and_activated(page, todos):
    first = todos.first
    first.locator(".toggle").click()
    expect(first).to_have_class("completed")
    expect(page.locator(".todo-count")).to_have_text("2 items left")
    expect(todos.nth(1)).not_to_have_class("completed")
    first.locator(".toggle").click()
    expect(first).not_to_have_class("completed")
    expect(page.locator(".todo-count")).to_have_text("3 items left")


def test_toggle_all_follows_changes_of_single_todos(page, todos):
    toggle_all = page.locator(".toggle-all")
    toggle_all.click()
    expect(page.locator(".todo-list li.completed")).to_have_count(3)
    expect(page.locator(".todo-count")).to_have_text("0 items left")
    todos.first.locator(".toggle").click()
    expect(toggle_all).not_to_be_checked()
    todos.first.locator(".toggle").click()
    expect(toggle_all).to_be_checked()
    toggle_all.click()
    expect(page.locator(".todo-list li.completed")).to_have_count(0)


def test_changes_made_before_a_response_are_saved_in_order(page, todos, add):
    page.locator(".toggle-all").click()
    page.locator(".toggle-all").click()
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    add("the fourth", "the fifth")
    expect(todos).to_have_text([*TITLES, "the fourth", "the fifth"])
    expect(page.locator(".todo-count")).to_have_text("5 items left")
    expect(page.locator(".toggle-all")).not_to_be_checked()
    reload_after_saving(page)
    expect(page.locator(".todo-count")).to_have_text("5 items left")


def test_response_keeps_a_checkbox_changed_after_the_request(page, todos):
    requests, toggle_all = HeldRequests(page), page.locator(".toggle-all")
    toggle_all.click()
    first = requests.next()
    toggle_all.click()
    first.continue_()
    second = requests.next()
    expect(page.locator(".todo-list li.completed")).to_have_count(0)
    expect(toggle_all).not_to_be_checked()
    second.continue_()
    expect_saved(page)
    expect(page.locator(".todo-list li.completed")).to_have_count(0)
    expect(toggle_all).not_to_be_checked()


def test_edit_hides_the_controls_and_is_saved_by_enter_and_by_leaving_the_field(page, todos):
    row = todos.nth(1)
    field = edit(row)
    expect(field).to_be_focused()
    expect(field).to_have_value("feed the cat")
    for hidden in (".toggle", "label", ".destroy"):
        expect(row.locator(hidden)).to_be_hidden()
    field.fill("  buy some sausages  ")
    field.press("Enter")
    expect(todos).to_have_text([TITLES[0], "buy some sausages", TITLES[2]])
    edit(row).fill("and mustard")
    page.locator(".new-todo").click()
    expect(todos).to_have_text([TITLES[0], "and mustard", TITLES[2]])
    reload_after_saving(page)
    expect(todos).to_have_text([TITLES[0], "and mustard", TITLES[2]])


def test_edit_is_saved_once_by_a_dispatched_blur_event(page, todos):
    """TodoMVC's own test suite dispatches the event. A window without focus fires no focusout event."""
    requests = []
    page.on("request", lambda request: requests.append(request) if "/rename/" in request.url else None)
    field = edit(todos.nth(1))
    field.fill("feed the dog")
    field.dispatch_event("blur", {"bubbles": False})
    expect(todos).to_have_text([TITLES[0], "feed the dog", TITLES[2]])
    field = edit(todos.nth(1))
    field.fill("feed the canary")
    field.press("Enter")
    expect(field).to_have_count(0)  # removing it has taken the focus away
    expect(todos).to_have_text([TITLES[0], "feed the canary", TITLES[2]])
    field = edit(todos.nth(1))
    field.fill("feed the crocodile")
    field.press("Escape")
    expect(field).to_have_count(0)  # removing it has taken the focus away
    expect(todos).to_have_text([TITLES[0], "feed the canary", TITLES[2]])
    assert len(requests) == 2


def test_escape_discards_an_edit_and_an_empty_title_deletes_the_todo(page, todos):
    field = edit(todos.nth(1))
    field.fill("foo")
    field.press("Escape")
    expect(todos).to_have_text(TITLES)
    field = edit(todos.nth(1))
    expect(field).to_have_value("feed the cat")
    field.fill("   ")
    field.press("Enter")
    expect(todos).to_have_text([TITLES[0], TITLES[2]])
    reload_after_saving(page)
    expect(todos).to_have_text([TITLES[0], TITLES[2]])


def test_counter_shows_the_number_of_active_todos(page, todos):
    for left in ("2 items left", "1 item left", "0 items left"):
        page.locator(".todo-list li:not(.completed) .toggle").first.click()
        expect(page.locator(".todo-count")).to_have_text(left)


def test_clear_completed_deletes_completed_todos_and_can_be_undone(page, todos):
    clear = page.locator(".clear-completed")
    expect(clear).to_be_hidden()
    todos.nth(1).locator(".toggle").click()
    expect(clear).to_have_text("Clear completed")
    clear.click()
    expect(todos).to_have_text([TITLES[0], TITLES[2]])
    expect(clear).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(todos).to_have_text(TITLES)
    expect(todos.nth(1)).to_have_class("completed")


def test_filters_have_urls_and_browser_history(page, sqlite_site, todos):
    todos.nth(1).locator(".toggle").click()
    selected = page.locator(".filters a.selected")
    expect(selected).to_have_text("All")
    page.locator(".filters").get_by_text("Active").click()
    expect(todos).to_have_text([TITLES[0], TITLES[2]])
    expect(selected).to_have_text("Active")
    page.wait_for_url("**/todos/active/")
    page.locator(".filters").get_by_text("Completed").click()
    expect(todos).to_have_text([TITLES[1]])
    page.wait_for_url("**/todos/completed/")
    page.go_back()
    expect(todos).to_have_text([TITLES[0], TITLES[2]])
    expect(selected).to_have_text("Active")
    page.go_back()
    expect(todos).to_have_text(TITLES)
    page.goto(f"{sqlite_site.url}/todos/completed/")
    expect(todos).to_have_text([TITLES[1]])


def test_completed_todo_leaves_the_list_of_active_todos(page, todos):
    page.locator(".filters").get_by_text("Active").click()
    page.wait_for_url("**/todos/active/")
    for title in TITLES:
        expect(todos.first).to_have_text(title)
        todos.first.locator(".toggle").click()  # removes the row
    expect(todos).to_have_count(0)
    expect(page.get_by_text("No active to-dos.")).to_be_visible()
    expect(page.locator(".todo-count")).to_have_text("0 items left")
    expect(page.locator(".toggle-all")).to_be_checked()
