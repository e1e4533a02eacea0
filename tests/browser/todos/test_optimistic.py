"""Rows and ticks that appear before the server responds, and what remains of them if a request fails."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import sign_up
from tests.browser.states.checks import MEASURE_SHIFTS, TWO_FRAMES
from tests.browser.todos.helpers import TITLES, HeldRequests, expect_saved

TWO_FRAMES_AFTER = """(key) => new Promise((resolve) => {
    addEventListener(key, () => requestAnimationFrame(() => requestAnimationFrame(() => resolve({
        titles: [...document.querySelectorAll(".todo-list li label")].map((label) => label.textContent),
        completed: document.querySelectorAll(".todo-list li.completed").length,
    }))), { once: true });
})"""
"""Resolve with what the list shows two frames after the next event of this type."""


def shown_after(page: Page, event: str, act) -> dict:
    """Return what the list shows two frames after the event that `act` causes."""
    shown = page.evaluate_handle(f"(key) => ({{ promise: ({TWO_FRAMES_AFTER})(key) }})", event)
    act()
    return shown.evaluate("async ({ promise }) => await promise")


@pytest.mark.usefixtures("no_errors")
def test_rows_and_ticks_appear_before_the_server_responds(page, sqlite_site, username):
    page.add_init_script(MEASURE_SHIFTS)
    sign_up(page, sqlite_site, username)
    page.evaluate(TWO_FRAMES)
    page.evaluate("window.shifts = []")  # the tests of all states check the shifts of loading
    requests = HeldRequests(page)
    field, rows = page.locator(".new-todo"), page.locator(".todo-list li")
    for count, title in enumerate(TITLES, start=1):
        field.fill(title)
        assert shown_after(page, "keydown", lambda: page.keyboard.press("Enter"))["titles"] == TITLES[:count]
    expect(page.locator(".todo-list .pending")).to_have_count(3)
    expect(page.get_by_text("Nothing here yet")).to_be_hidden()
    for saved in range(1, 4):
        requests.next().continue_()
        expect(page.locator(".todo-list li[data-version]")).to_have_count(saved)
        expect(rows).to_have_text(TITLES)
    expect_saved(page)
    assert shown_after(page, "click", rows.nth(1).locator(".toggle").click)["completed"] == 1
    expect(page.locator(".todo-count")).to_have_text("3 items left")
    requests.next().continue_()
    expect(page.locator(".todo-count")).to_have_text("2 items left")
    assert page.evaluate("window.shifts") == []


def test_failed_row_and_tick_are_reverted(page, todos):
    requests = HeldRequests(page)
    form, field = page.locator(".new-todo-form"), page.locator(".new-todo")
    field.fill("water the plants")
    field.press("Enter")
    expect(todos).to_have_text([*TITLES, "water the plants"])
    requests.next().fulfill(status=500, body="<main><p>The server has a problem.</p></main>")
    expect(form.get_by_role("alert")).to_contain_text("The server has a problem.")
    expect(todos).to_have_text(TITLES)
    expect(field).to_have_value("water the plants")
    form.get_by_role("button", name="Try again").click()
    requests.next().continue_()
    expect(todos).to_have_text([*TITLES, "water the plants"])
    expect(form.get_by_role("alert")).to_have_count(0)

    field.fill("feed the fish")
    field.press("Enter")
    field.fill("the next title")
    requests.next().abort()
    row = page.locator(".todo-list .pending")
    expect(row.get_by_role("alert")).to_contain_text("The server can't be reached")
    expect(field).to_have_value("the next title")
    for name in ("Completed", "All"):
        page.locator(".filters").get_by_role("link", name=name).click()
        expect(page.locator(".filters [aria-current]")).to_have_text(name)
        expect(todos.last).to_contain_text("feed the fish")
    row.get_by_role("button", name="Try again").click()
    requests.next().continue_()
    expect(todos).to_have_text([*TITLES, "water the plants", "feed the fish"])
    expect(row).to_have_count(0)

    todos.first.locator(".toggle").click()
    expect(todos.first).to_have_class("completed")
    requests.next().abort()
    expect(todos.first.get_by_role("alert")).to_contain_text("The server can't be reached")
    expect(todos.first).not_to_have_class(re.compile("completed"))


@pytest.mark.usefixtures("todos")
def test_pending_row_is_under_the_heading_of_its_date(page, sqlite_site):
    page.goto(f"{sqlite_site.url}/todos/upcoming/")
    requests = HeldRequests(page)
    page.locator(".new-todo").fill("call mum")
    page.locator(".new-todo").press("Enter")
    group, pending = page.locator("#todo-list section"), page.locator("section .pending")
    expect(group.get_by_role("heading")).to_have_text("Tomorrow")
    expect(pending.locator("label")).to_have_text("call mum")
    expect(pending.locator(".due")).to_be_hidden()
    requests.next().continue_()
    expect(pending).to_have_count(0)
    expect(group.locator("li")).to_have_count(1)
