"""Lists of more than the 100 to-dos that a page has at first."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_up
from tests.browser.todos.helpers import HeldRequests, add_numbered_todos, expect_saved

COUNT_SEARCHES = """
    window.searches = 0;
    for (const type of [Document, Element]) {
        for (const name of ["querySelector", "querySelectorAll"]) {
            const search = type.prototype[name];
            type.prototype[name] = function (selector) {
                const list = document.getElementById("todo-list");
                if (list && this.contains(list)) window.searches += 1;
                return search.call(this, selector);
            };
        }
    }
"""


@pytest.mark.usefixtures("no_errors")
def test_long_list_loads_more_rows_while_scrolling(page, sqlite_site, add):
    sign_up(page, sqlite_site, "scrolling")
    add_numbered_todos(page, sqlite_site, 110)
    page.reload()
    rows = page.locator(".todo-list li")
    expect(rows).to_have_count(100)
    add("The last")
    expect(rows).to_have_count(101)
    expect_saved(page)
    rows.last.scroll_into_view_if_needed()
    page.mouse.wheel(0, 10_000)
    expect(rows).to_have_count(111)
    expect(rows.last).to_have_text("The last")
    expect(page.get_by_role("link", name="More")).to_have_count(0)


@pytest.mark.usefixtures("no_errors")
def test_page_of_a_list_that_another_filter_has_replaced_is_not_shown(page, sqlite_site, username):
    sign_up(page, sqlite_site, username)
    add_numbered_todos(page, sqlite_site, 110)
    page.reload()
    rows, requests = page.locator(".todo-list li"), HeldRequests(page, "GET")
    expect(rows).to_have_count(100)
    page.mouse.wheel(0, 100_000)
    next_page = requests.next()
    page.locator(".filters").get_by_role("link", name="Completed").click()
    requests.next().continue_()
    expect(rows).to_have_count(0)
    with page.expect_response(next_page.request.url):
        next_page.continue_()
    expect(page.locator(".todo-count")).to_have_text("110 items left")
    expect(rows).to_have_count(0)
    expect(page.get_by_role("link", name="More to-dos")).to_have_count(0)


@pytest.mark.usefixtures("no_errors")
def test_loading_more_rows_needs_a_constant_number_of_dom_searches(page, sqlite_site):
    sign_up(page, sqlite_site, "long-list")
    add_numbered_todos(page, sqlite_site, 410)
    page.add_init_script(COUNT_SEARCHES)
    page.reload()
    rows = page.locator(".todo-list li")
    expect(rows).to_have_count(100)
    for count in (*range(150, 401, 50), 410):
        page.evaluate("window.searches = 0")
        page.mouse.wheel(0, 100_000)
        expect(rows).to_have_count(count)
        assert page.evaluate("window.searches") < 100, "each new row searches the list"
    expect(page.locator(".more a")).to_have_count(0)
