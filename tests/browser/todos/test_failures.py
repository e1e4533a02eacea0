"""The list while its network is lost or its session has expired."""

from playwright.sync_api import expect

from tests.browser.conftest import log_in
from tests.browser.todos.helpers import TITLES, HeldRequests, edit

HAS_NEW_TOKEN = "old => document.getElementById('todoapp').getAttribute('hx-headers') !== old"


def test_input_is_kept_while_the_network_is_lost_and_can_be_sent_again(page, network, todos, add):
    network.throttle(offline=True)
    add("water the plants")
    expect(page.locator(".new-todo-form").get_by_role("alert")).to_contain_text("The server can't be reached")
    expect(page.locator(".new-todo")).to_have_value("water the plants")
    todos.nth(0).locator(".toggle").click()
    expect(todos.nth(0).get_by_role("alert")).to_contain_text("The server can't be reached")
    expect(todos.nth(0).locator(".toggle")).not_to_be_checked()
    edit(todos.nth(1)).fill("feed the dog")
    page.keyboard.press("Enter")
    expect(todos.nth(1).get_by_role("alert")).to_be_visible()
    expect(todos.nth(1).locator(".edit")).to_have_value("feed the dog")
    todos.nth(2).locator(".grip").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(todos.nth(2).get_by_role("alert")).to_be_visible()
    expect(todos.nth(2).locator("label")).to_have_text(TITLES[2])
    network.throttle()
    todos.nth(1).locator(".edit").press("Enter")
    expect(todos.nth(1)).to_have_text("feed the dog")
    todos.nth(0).get_by_role("button", name="Try again").click()
    expect(todos.nth(0)).to_have_class("completed")
    page.locator(".new-todo").press("Enter")
    expect(todos.locator("label")).to_have_text([TITLES[0], "feed the dog", TITLES[2], "water the plants"])
    expect(page.locator(".new-todo-form").get_by_role("alert")).to_have_count(0)


def test_input_is_kept_after_the_session_expired_and_can_be_sent_after_a_new_login(page, todos, add):
    name = page.locator(".account-menu bdi").inner_text()
    old = page.locator("#todoapp").get_attribute("hx-headers")
    page.context.clear_cookies()
    add("water the plants")
    expect(page.get_by_role("alert")).to_contain_text("You are no longer logged in.")
    expect(page.locator(".new-todo")).to_have_value("water the plants")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Log in (opens a new tab)").click()
    log_in(opened.value, name)
    opened.value.wait_for_url("**/todos/")
    opened.value.close()
    page.wait_for_function(HAS_NEW_TOKEN, arg=old)
    page.locator(".new-todo").press("Enter")
    expect(todos).to_have_text([*TITLES, "water the plants"])


def test_filter_is_opened_without_htmx_if_its_request_fails_after_its_link_was_replaced(page, todos):
    requests, held = HeldRequests(page, "GET"), []
    for name in ("Completed", "Active"):
        page.locator(".filters").get_by_role("link", name=name).click()
        held.append(requests.next())
    held[0].continue_()
    expect(todos).to_have_count(0)
    held[1].fulfill(status=500)
    page.wait_for_url("**/todos/active/")
    expect(todos).to_have_text(TITLES)
