"""The stream of changes of a list: polling instead of it, another user's login, and replaced server processes."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import run_clock_until, sign_up
from tests.browser.todos.devices import Device, two_devices
from tests.browser.todos.helpers import TITLES

OPEN_ENDED_STREAM = re.compile(r"/api/todos/stream/(?!.*once)")


def wait_until_shown(device: Device, titles: list[str]) -> None:
    run_clock_until(device.page, lambda: device.titles.all_text_contents() == titles)
    expect(device.titles).to_have_text(titles)


def test_list_is_polled_behind_a_buffering_proxy_and_streamed_later(devices):
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
        replaced_pids = set()
        for number in range(3):
            here.add(f"new {number}")
            replaced_pids |= postgresql_site.replace_web_processes()
            here.row(f"new {number}").locator(".toggle").click()
            there.rename(TITLES[number], f"thing {number}")
        titles = ["thing 0", "thing 1", "thing 2", "new 0", "new 1", "new 2"]
        for device in (here, there):
            expect(device.titles).to_have_text(titles)
            expect(device.page.locator(".todo-list li.completed")).to_have_count(3)
            expect(device.counter).to_have_text("3 items left")
    postgresql_site.wait_until_ended(replaced_pids)
