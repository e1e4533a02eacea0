"""The order of to-dos, changed by keyboard, mouse and touch."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import sign_up
from tests.browser.todos.helpers import TITLES, add_numbered_todos, reload_after_saving

pytestmark = pytest.mark.usefixtures("no_errors")

IS_AT_THE_END = "() => Math.ceil(scrollY + innerHeight) >= document.documentElement.scrollHeight"


def test_todo_moved_by_keyboard_is_announced_and_saved(page, todos):
    page.get_by_role("button", name="Move book a doctors appointment").focus()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")  # already the first one
    moved = [TITLES[2], TITLES[0], TITLES[1]]
    expect(todos).to_have_text(moved)
    expect(page.locator("#news")).to_have_text("book a doctors appointment: Moved to position 1 of 3")
    expect(page.get_by_role("button", name="Move book a doctors appointment")).to_be_focused()
    page.locator(".filters").get_by_text("Active").click()  # this request is sent after the move
    page.wait_for_url("**/todos/active/")
    expect(todos).to_have_text(moved)


def test_todo_moved_by_mouse_is_saved_and_escape_cancels_the_move(page, todos):
    grip, first = todos.nth(2).locator(".grip").bounding_box(), todos.nth(0).bounding_box()
    page.mouse.move(grip["x"] + 5, grip["y"] + 5)
    page.mouse.down()
    page.mouse.move(first["x"] + 20, first["y"] + 3, steps=5)
    page.mouse.up()
    moved = [TITLES[2], TITLES[0], TITLES[1]]
    expect(todos).to_have_text(moved)
    page.locator(".filters").get_by_text("Active").click()
    page.wait_for_url("**/todos/active/")
    expect(todos).to_have_text(moved)
    page.mouse.move(grip["x"] + 5, first["y"] + 10)
    page.mouse.down()
    page.mouse.move(grip["x"] + 5, grip["y"] + 20, steps=5)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(todos).to_have_text(moved)


@pytest.fixture
def long_list(page, sqlite_site, username) -> Locator:
    """The rows of a new user's list of 24 to-dos, which is higher than the viewport."""
    page.set_viewport_size({"width": 375, "height": 500})
    sign_up(page, sqlite_site, username)
    add_numbered_todos(page, sqlite_site, 24)
    page.reload()
    rows = page.locator(".todo-list li")
    expect(rows).to_have_count(24)
    return rows


class Touch:
    """Touch events, which the DevTools protocol sends."""

    def __init__(self, page: Page) -> None:
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})

    def send(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def grip_position(row: Locator) -> tuple[float, float]:
    row.evaluate("row => row.scrollIntoView({ block: 'center', behavior: 'instant' })")
    box = row.locator(".grip").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_drag_by_mouse_scrolls_at_both_edges(page, long_list):
    x, y = grip_position(long_list.first)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, 495)
    page.wait_for_function(IS_AT_THE_END)
    page.mouse.move(x, 5)
    page.wait_for_function("() => scrollY === 0")
    page.mouse.move(x, 495)
    page.wait_for_function(IS_AT_THE_END)
    expect(long_list.nth(20)).to_be_in_viewport()
    page.mouse.move(x, long_list.nth(20).bounding_box()["y"] + 3)
    with page.expect_response("**/move/"):
        page.mouse.up()
    moved = long_list.all_text_contents()
    assert moved.index("Step 0") > 15
    reload_after_saving(page)
    expect(long_list).to_have_text(moved)


def test_drag_by_touch_scrolls_at_the_edge(page, long_list):
    touch = Touch(page)
    x, y = grip_position(long_list.first)
    touch.send("touchStart", (x, y))
    touch.send("touchMove", (x, 300))
    touch.send("touchMove", (x, 495))
    page.wait_for_function(IS_AT_THE_END)
    touch.send("touchMove", (x, 250))
    with page.expect_response("**/move/"):
        touch.send("touchEnd")
    moved = long_list.all_text_contents()
    assert moved.index("Step 0") > 10
    reload_after_saving(page)
    expect(long_list).to_have_text(moved)


@pytest.mark.parametrize("cause", ["second touch", "pointercancel", "Escape", "page hidden"])
def test_cancelled_drag_restores_the_order_without_a_request(page, long_list, cause):
    requests = []
    page.on("request", lambda request: requests.append(request.url) if "/move/" in request.url else None)
    touch = Touch(page)
    before = long_list.all_text_contents()
    x, y = grip_position(long_list.nth(4))
    touch.send("touchStart", (x, y))
    touch.send("touchMove", (x, y + 60))
    touch.send("touchMove", (x, y + 80))
    expect(long_list.nth(4)).not_to_have_text(before[4])
    expect(page.locator(".dragged")).to_have_text(before[4])
    if cause == "second touch":
        touch.send("touchStart", (x, y + 80), grip_position(long_list.first))
    elif cause == "pointercancel":
        touch.send("touchCancel")
    elif cause == "Escape":
        page.keyboard.press("Escape")
    else:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
    expect(page.locator(".dragged")).to_have_count(0)
    assert long_list.all_text_contents() == before
    if cause != "pointercancel":
        touch.send("touchEnd")
    expect(page.locator("#todoapp")).not_to_have_attribute("aria-busy", "true")
    assert long_list.all_text_contents() == before
    assert requests == []
