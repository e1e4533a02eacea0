"""Undo, search, and use of the list without JavaScript."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_up
from tests.browser.todos.helpers import TITLES, HeldRequests, expect_saved
from tests.browser.uploads.helpers import make_file


@pytest.mark.usefixtures("no_errors")
def test_deleted_todo_can_be_restored(page, todos):
    page.get_by_role("button", name="Delete feed the cat").click()
    expect(todos).to_have_text([TITLES[0], TITLES[2]])
    expect(page.locator("#undo")).to_contain_text("Deleted “feed the cat”.")
    page.get_by_role("button", name="Undo").click()
    expect(todos).to_have_text(TITLES)
    expect(page.locator("#undo")).to_be_empty()


@pytest.mark.usefixtures("no_errors")
def test_search_filters_while_typing_and_has_a_url(page, todos):
    page.get_by_label("Search the list").press_sequentially("cat")
    expect(todos).to_have_text(["feed the cat"])
    page.wait_for_url("**/todos/?q=cat")
    expect(page.get_by_label("Search the list")).to_be_focused()
    expect(page.locator(".todo-count")).to_have_text("3 items left")
    page.get_by_label("Search the list").press_sequentially("nip")
    expect(page.get_by_text("No to-dos match “catnip”.")).to_be_visible()
    page.get_by_label("Search the list").fill("")
    expect(todos).to_have_text(TITLES)
    page.wait_for_url("**/todos/")


@pytest.mark.usefixtures("no_errors")
@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_last_of_several_filters_is_shown_in_whatever_order_the_responses_arrive(page, todos, order):
    todos.first.locator(".toggle").click()
    expect_saved(page)
    requests, held = HeldRequests(page, "GET"), []
    for name in ("Completed", "All", "Active"):
        page.locator(".filters").get_by_role("link", name=name).click()
        held.append(requests.next())
    for number in order:
        with page.expect_response(held[number].request.url):
            held[number].continue_()
    expect(todos).to_have_text(TITLES[1:])
    page.wait_for_url("**/todos/active/")
    expect(page.locator("#list")).not_to_have_attribute("aria-busy", "true")
    page.go_back()
    expect(todos).to_have_text(TITLES)


@pytest.mark.usefixtures("no_errors")
def test_filter_has_the_focus_after_its_list_is_shown(page, todos):
    for name, titles in (("Completed", []), ("Active", TITLES)):
        link = page.locator(".filters").get_by_role("link", name=name)
        link.press("Enter")
        expect(todos).to_have_text(titles)
        expect(link).to_have_attribute("aria-current", "page")
        expect(link).to_be_focused()


def test_mark_all_is_shown_before_the_response_and_reverted_if_it_fails(page, todos):
    requests, completed = HeldRequests(page), page.locator(".todo-list li.completed")
    page.get_by_label("Mark all as complete").check()
    expect(completed).to_have_count(3)
    requests.next().fulfill(status=500)
    expect(completed).to_have_count(0)
    expect(page.get_by_role("alert")).to_contain_text("The server returned an error (500). Try again in a minute.")


@pytest.mark.usefixtures("no_errors")
def test_double_click_on_a_new_row_edits_it_as_soon_as_it_is_saved(page, todos, add):
    requests = HeldRequests(page)
    add("pay the rent")
    todos.nth(3).dblclick()
    requests.next().continue_()
    expect(todos.nth(3).locator(".edit")).to_have_value("pay the rent")
    expect(todos.nth(3).locator(".edit")).to_be_focused()


def test_list_works_without_javascript(page_without_javascript, sqlite_site, tmp_path):
    page = page_without_javascript
    sign_up(page, sqlite_site, "no-javascript")
    rows = page.locator(".todo-list li")
    for title in ("Call mum today", "Buy milk", "Pay the rent"):
        page.get_by_label("What needs to be done?").fill(title)
        page.get_by_role("button", name="Add").click()
    expect(rows.locator("label")).to_have_text(["Call mum", "Buy milk", "Pay the rent"])
    page.get_by_role("button", name="Move up: Pay the rent").click()
    expect(rows.locator("label")).to_have_text(["Call mum", "Pay the rent", "Buy milk"])
    page.get_by_role("button", name="Done: Buy milk").click()
    expect(page.locator(".todo-count")).to_have_text("2 items left")
    page.locator(".filters").get_by_role("link", name="Completed").click()
    expect(rows).to_have_text(["Buy milk"])
    page.get_by_role("button", name="Clear completed").click()
    assert "/todos/completed/" in page.url
    expect(rows).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(rows).to_have_text(["Buy milk"])
    page.locator(".filters").get_by_role("link", name="All").click()
    page.get_by_label("Search the list").fill("rent")
    page.get_by_role("button", name="Search").click()
    expect(rows).to_have_text(["Pay the rent"])
    page.get_by_role("link", name="Edit Pay the rent").click()
    page.get_by_label("Attach a file").set_input_files(make_file(tmp_path, size=1000))
    page.get_by_role("button", name="Attach", exact=True).click()
    expect(page.get_by_role("link", name="data.bin")).to_be_visible()
    page.get_by_role("button", name="Detach data.bin").click()
    expect(page.get_by_role("link", name="data.bin")).to_have_count(0)
    page.get_by_label("Title").fill("Pay the rent and the gas")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("button", name="Mark all as complete").click()
    expect(page.locator(".todo-count")).to_have_text("0 items left")
    page.get_by_role("button", name="Delete Pay the rent and the gas").click()
    expect(rows.locator("label")).to_have_text(["Call mum", "Buy milk"])
