"""The list in Chromium. The first part is what TodoMVC's own suites ask of every implementation, by the same hooks."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PASSWORD, TIMEOUT_MS, sign_up
from tests.browser.site import Site
from tests.browser.uploading import NEARLY_STILL, SLOWER, Line, drop_at, make_file

THREE = ["buy some cheese", "feed the cat", "book a doctors appointment"]

NEW_TOKEN = "old => document.getElementById('todoapp').getAttribute('hx-headers') !== old"


@pytest.fixture
def add(page):
    """Type titles, as fast as the keyboard allows."""

    def type_titles(*titles: str) -> None:
        for title in titles:
            page.locator(".new-todo").fill(title)
            page.keyboard.press("Enter")

    return type_titles


@pytest.fixture
def todos(page, sqlite_site, request, add) -> Locator:
    """The rows of a list of three, of somebody new."""
    sign_up(page, sqlite_site, request.node.originalname[5:155])
    add(*THREE)
    rows = page.locator(".todo-list li")
    expect(rows).to_have_text(THREE)
    return rows


def edit(row: Locator) -> Locator:
    expect(row.page.locator("#todoapp")).not_to_have_attribute("aria-busy", "true")  # an answer may replace the row
    row.locator("label").dblclick()
    expect(row).to_have_class(re.compile(r"\bediting\b"))
    return row.locator(".edit")


def reload_when_saved(page) -> None:
    """Before that, the browser would ask whether the page shall really be left."""
    expect(page.locator("#todoapp")).to_have_attribute("aria-busy", "false")
    page.reload()


def add_steps(page: Page, site: Site, number: int) -> None:
    """So many to-dos, which the page doesn't know of. Nobody has changed them lately: of more than a hundred that were,
    a stream tells only that they are many, and the page would ask for its list again in the middle of a test.
    """
    http = page.context.request
    token = http.get(f"{site.url}/api/session/").json()["csrf_token"]
    for step in range(number):
        values = {"title": f"Step {step}", "csrfmiddlewaretoken": token}
        http.post(f"{site.url}/todos/", form=values, headers={"Referer": site.url}, max_redirects=0)
    with closing(sqlite3.connect(site.state_dir / "headway.sqlite3", timeout=30)) as database, database:
        database.execute("UPDATE todos_todo SET updated_at = datetime('now', '-1 hour') WHERE title LIKE 'Step %'")


@pytest.mark.usefixtures("no_errors")
def test_an_empty_list_has_no_controls_and_the_focus_is_where_one_types(page, sqlite_site):
    sign_up(page, sqlite_site, "mvc-empty")
    expect(page.locator(".new-todo")).to_be_focused()
    for hook in (".main", ".footer", ".toggle-all", ".clear-completed"):
        expect(page.locator(hook)).to_be_hidden()
    expect(page.locator(".todo-list li")).to_have_count(0)
    expect(page.get_by_text("Nothing here yet")).to_be_visible()


@pytest.mark.usefixtures("no_errors")
def test_adding_appends_trims_clears_the_field_and_shows_the_controls(page, sqlite_site, add):
    sign_up(page, sqlite_site, "mvc-add")
    add("   buy some cheese   ", "feed the cat", "   ")
    rows = page.locator(".todo-list li")
    expect(rows.locator("label")).to_have_text(THREE[:2])
    assert rows.evaluate_all("rows => rows.map((row) => [row.textContent, row.innerText])") == [
        [title, title] for title in THREE[:2]
    ]
    expect(page.locator(".new-todo")).to_have_value("   ")
    expect(page.locator(".main")).to_be_visible()
    expect(page.locator(".footer")).to_be_visible()
    expect(page.locator(".todo-count")).to_have_text("2 items left")
    expect(page.get_by_text("Nothing here yet")).to_be_hidden()


@pytest.mark.usefixtures("no_errors")
def test_completing_one_and_taking_it_back(page, todos):
    first = todos.first
    first.locator(".toggle").click()
    expect(first).to_have_class("completed")
    expect(page.locator(".todo-count")).to_have_text("2 items left")
    expect(todos.nth(1)).not_to_have_class("completed")
    first.locator(".toggle").click()
    expect(first).not_to_have_class("completed")
    expect(page.locator(".todo-count")).to_have_text("3 items left")


@pytest.mark.usefixtures("no_errors")
def test_completing_all_follows_what_is_done_to_each(page, todos):
    every = page.locator(".toggle-all")
    every.click()
    expect(page.locator(".todo-list li.completed")).to_have_count(3)
    expect(page.locator(".todo-count")).to_have_text("0 items left")
    todos.first.locator(".toggle").click()
    expect(every).not_to_be_checked()
    todos.first.locator(".toggle").click()
    expect(every).to_be_checked()
    every.click()
    expect(page.locator(".todo-list li.completed")).to_have_count(0)


@pytest.mark.usefixtures("no_errors")
def test_what_is_done_faster_than_the_server_answers_is_all_done_in_order(page, todos, add):
    page.locator(".toggle-all").click()
    page.locator(".toggle-all").click()
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    add("the fourth", "the fifth")
    expect(todos).to_have_text([*THREE, "the fourth", "the fifth"])
    expect(page.locator(".todo-count")).to_have_text("5 items left")
    expect(page.locator(".toggle-all")).not_to_be_checked()
    reload_when_saved(page)
    expect(page.locator(".todo-count")).to_have_text("5 items left")


@pytest.mark.usefixtures("no_errors")
def test_an_answer_does_not_take_back_what_was_ticked_after_its_question(page, todos):
    asked = []
    page.route("**/toggle-all/", lambda route: asked.append(route))
    every = page.locator(".toggle-all")
    with page.expect_request("**/toggle-all/"):
        every.click()
    every.click()
    with page.expect_request("**/toggle-all/"):
        asked[0].continue_()
    expect(page.locator(".todo-list li.completed")).to_have_count(3)
    expect(every).not_to_be_checked()
    asked[1].continue_()
    expect(page.locator(".todo-list li.completed")).to_have_count(0)
    expect(every).not_to_be_checked()


@pytest.mark.usefixtures("no_errors")
def test_editing_hides_the_controls_and_saves_on_enter_and_on_leaving(page, todos):
    row = todos.nth(1)
    field = edit(row)
    expect(field).to_be_focused()
    expect(field).to_have_value("feed the cat")
    for hidden in (".toggle", "label", ".destroy"):
        expect(row.locator(hidden)).to_be_hidden()
    field.fill("  buy some sausages  ")
    field.press("Enter")
    expect(todos).to_have_text([THREE[0], "buy some sausages", THREE[2]])
    edit(row).fill("and mustard")
    page.locator(".new-todo").click()
    expect(todos).to_have_text([THREE[0], "and mustard", THREE[2]])
    reload_when_saved(page)
    expect(todos).to_have_text([THREE[0], "and mustard", THREE[2]])


@pytest.mark.usefixtures("no_errors")
def test_edit_is_saved_once_by_a_dispatched_blur_event(page, todos):
    """TodoMVC's own suite dispatches the event. A browser window without the focus fires no focusout at all."""
    requests = []
    page.on("request", lambda request: requests.append(request) if "/rename/" in request.url else None)
    field = edit(todos.nth(1))
    field.fill("feed the dog")
    field.dispatch_event("blur", {"bubbles": False})
    expect(todos).to_have_text([THREE[0], "feed the dog", THREE[2]])
    field = edit(todos.nth(1))
    field.fill("feed the canary")
    field.press("Enter")
    field.dispatch_event("blur", {"bubbles": False})
    expect(todos).to_have_text([THREE[0], "feed the canary", THREE[2]])
    field = edit(todos.nth(1))
    field.fill("feed the crocodile")
    field.press("Escape")
    field.dispatch_event("blur", {"bubbles": False})
    expect(todos).to_have_text([THREE[0], "feed the canary", THREE[2]])
    assert len(requests) == 2


@pytest.mark.usefixtures("no_errors")
def test_escape_takes_an_edit_back_and_an_empty_title_deletes(page, todos):
    field = edit(todos.nth(1))
    field.fill("foo")
    field.press("Escape")
    expect(todos).to_have_text(THREE)
    field = edit(todos.nth(1))
    expect(field).to_have_value("feed the cat")
    field.fill("   ")
    field.press("Enter")
    expect(todos).to_have_text([THREE[0], THREE[2]])
    reload_when_saved(page)
    expect(todos).to_have_text([THREE[0], THREE[2]])


@pytest.mark.usefixtures("no_errors")
def test_the_counter_counts(page, todos):
    for left in ("2 items left", "1 item left", "0 items left"):
        page.locator(".todo-list li:not(.completed) .toggle").first.click()
        expect(page.locator(".todo-count")).to_have_text(left)


@pytest.mark.usefixtures("no_errors")
def test_clearing_what_is_completed(page, todos):
    clear = page.locator(".clear-completed")
    expect(clear).to_be_hidden()
    todos.nth(1).locator(".toggle").click()
    expect(clear).to_have_text("Clear completed")
    clear.click()
    expect(todos).to_have_text([THREE[0], THREE[2]])
    expect(clear).to_be_hidden()
    page.get_by_role("button", name="Undo").click()
    expect(todos).to_have_text(THREE)
    expect(todos.nth(1)).to_have_class("completed")


@pytest.mark.usefixtures("no_errors")
def test_filters_are_addresses_and_back_works(page, sqlite_site, todos):
    todos.nth(1).locator(".toggle").click()
    selected = page.locator(".filters a.selected")
    expect(selected).to_have_text("All")
    page.locator(".filters").get_by_text("Active").click()
    expect(todos).to_have_text([THREE[0], THREE[2]])
    expect(selected).to_have_text("Active")
    page.wait_for_url("**/todos/active/")
    page.locator(".filters").get_by_text("Completed").click()
    expect(todos).to_have_text([THREE[1]])
    page.wait_for_url("**/todos/completed/")
    page.go_back()
    expect(todos).to_have_text([THREE[0], THREE[2]])
    expect(selected).to_have_text("Active")
    page.go_back()
    expect(todos).to_have_text(THREE)
    page.goto(f"{sqlite_site.url}/todos/completed/")
    expect(todos).to_have_text([THREE[1]])


@pytest.mark.usefixtures("no_errors")
def test_what_leaves_the_filter_leaves_the_list(page, todos):
    page.locator(".filters").get_by_text("Active").click()
    page.wait_for_url("**/todos/active/")
    for title in THREE:
        expect(todos.first).to_have_text(title)
        todos.first.locator(".toggle").click()  # the row goes with it
    expect(todos).to_have_count(0)
    expect(page.get_by_text("No active to-dos.")).to_be_visible()
    expect(page.locator(".todo-count")).to_have_text("0 items left")
    expect(page.locator(".toggle-all")).to_be_checked()


@pytest.mark.usefixtures("no_errors")
def test_a_date_is_shown_before_it_is_saved_and_need_not_be_taken(page, sqlite_site):
    sign_up(page, sqlite_site, "due")
    field = page.locator(".new-todo")
    rows = page.locator(".todo-list li")
    as_typed = page.get_by_label("Keep it as typed, without a date")
    expect(as_typed).to_be_hidden()
    field.press_sequentially("Call mum today")
    expect(page.locator("#previewed-date")).to_have_text(re.compile("Due .*, from “today”"))
    field.press("Enter")
    expect(rows.locator("label")).to_have_text(["Call mum"])
    expect(rows.locator(".due.today")).to_have_text("Today")
    expect(page.locator("#previewed-date")).to_be_empty()
    field.press_sequentially("Paint today")
    as_typed.click()
    field.press("Enter")
    expect(rows.locator("label")).to_have_text(["Call mum", "Paint today"])
    expect(rows.nth(1)).to_have_text("Paint today")
    expect(as_typed).to_be_hidden()


@pytest.mark.usefixtures("no_errors")
def test_deleting_can_be_undone(page, todos):
    page.get_by_role("button", name="Delete feed the cat").click()
    expect(todos).to_have_text([THREE[0], THREE[2]])
    expect(page.locator("#undo")).to_contain_text("Deleted “feed the cat”.")
    page.get_by_role("button", name="Undo").click()
    expect(todos).to_have_text(THREE)
    expect(page.locator("#undo")).to_be_empty()


@pytest.mark.usefixtures("no_errors")
def test_order_by_keyboard_is_announced_and_kept(page, todos):
    page.get_by_role("button", name="Move book a doctors appointment").focus()
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")  # there is nobody to go past
    moved = [THREE[2], THREE[0], THREE[1]]
    expect(todos).to_have_text(moved)
    expect(page.locator("#news")).to_have_text("book a doctors appointment: 1 of 3")
    expect(page.get_by_role("button", name="Move book a doctors appointment")).to_be_focused()
    page.locator(".filters").get_by_text("Active").click()  # comes after what was changed before
    page.wait_for_url("**/todos/active/")
    expect(todos).to_have_text(moved)


@pytest.mark.usefixtures("no_errors")
def test_order_by_dragging_and_what_is_dropped_nowhere_stays(page, todos):
    grip, first = todos.nth(2).locator(".grip").bounding_box(), todos.nth(0).bounding_box()
    page.mouse.move(grip["x"] + 5, grip["y"] + 5)
    page.mouse.down()
    page.mouse.move(first["x"] + 20, first["y"] + 3, steps=5)
    page.mouse.up()
    moved = [THREE[2], THREE[0], THREE[1]]
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
def long_list(page, sqlite_site, request) -> Locator:
    """Return the rows of a list that is higher than the viewport."""
    page.set_viewport_size({"width": 375, "height": 500})
    sign_up(page, sqlite_site, re.sub(r"\W", "-", request.node.name)[5:155])
    add_steps(page, sqlite_site, 24)
    page.reload()
    rows = page.locator(".todo-list li")
    expect(rows).to_have_count(24)
    return rows


class Touch:
    """Fingers on a touch screen, by the DevTools protocol."""

    def __init__(self, page: Page) -> None:
        self.cdp = page.context.new_cdp_session(page)
        self.cdp.send("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 2})

    def send(self, kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        self.cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})


def grip_of(row: Locator) -> tuple[float, float]:
    row.evaluate("row => row.scrollIntoView({ block: 'center', behavior: 'instant' })")
    box = row.locator(".grip").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


AT_THE_END = "() => Math.ceil(scrollY + innerHeight) >= document.documentElement.scrollHeight"


@pytest.mark.usefixtures("no_errors")
def test_dragging_with_a_mouse_scrolls_at_both_edges(page, long_list):
    x, y = grip_of(long_list.first)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, 495)
    page.wait_for_function(AT_THE_END)
    page.mouse.move(x, 5)
    page.wait_for_function("() => scrollY === 0")
    page.mouse.move(x, 495)
    page.wait_for_function(AT_THE_END)
    expect(long_list.nth(20)).to_be_in_viewport()
    page.mouse.move(x, long_list.nth(20).bounding_box()["y"] + 3)
    with page.expect_response("**/move/"):
        page.mouse.up()
    moved = long_list.all_inner_texts()
    assert moved.index("Step 0") > 15
    reload_when_saved(page)
    expect(long_list).to_have_text(moved)


@pytest.mark.usefixtures("no_errors")
def test_dragging_with_a_finger_scrolls_at_the_edge(page, long_list):
    touch = Touch(page)
    x, y = grip_of(long_list.first)
    touch.send("touchStart", (x, y))
    touch.send("touchMove", (x, 300))
    touch.send("touchMove", (x, 495))
    page.wait_for_function(AT_THE_END)
    touch.send("touchMove", (x, 250))
    with page.expect_response("**/move/"):
        touch.send("touchEnd")
    moved = long_list.all_inner_texts()
    assert moved.index("Step 0") > 10
    reload_when_saved(page)
    expect(long_list).to_have_text(moved)


@pytest.mark.usefixtures("no_errors")
@pytest.mark.parametrize("cause", ["second touch", "pointercancel", "Escape", "page hidden"])
def test_dragging_is_cancelled_without_a_request(page, long_list, cause):
    requests = []
    page.on("request", lambda request: requests.append(request.url) if "/move/" in request.url else None)
    touch = Touch(page)
    before = long_list.all_inner_texts()
    x, y = grip_of(long_list.nth(4))
    touch.send("touchStart", (x, y))
    touch.send("touchMove", (x, y + 60))
    touch.send("touchMove", (x, y + 80))
    expect(long_list.nth(4)).not_to_have_text(before[4])
    expect(page.locator(".dragged")).to_have_text(before[4])
    if cause == "second touch":
        touch.send("touchStart", (x, y + 80), grip_of(long_list.first))
    elif cause == "pointercancel":
        touch.send("touchCancel")
    elif cause == "Escape":
        page.keyboard.press("Escape")
    else:
        page.evaluate("document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))")
    expect(page.locator(".dragged")).to_have_count(0)
    assert long_list.all_inner_texts() == before
    if cause != "pointercancel":
        touch.send("touchEnd")
    expect(page.locator("#todoapp")).not_to_have_attribute("aria-busy", "true")
    assert long_list.all_inner_texts() == before
    assert requests == []


@pytest.mark.usefixtures("no_errors")
def test_search_as_one_types_is_an_address(page, todos):
    page.get_by_label("Search the list").press_sequentially("cat")
    expect(todos).to_have_text(["feed the cat"])
    page.wait_for_url("**/todos/?q=cat")
    expect(page.get_by_label("Search the list")).to_be_focused()
    expect(page.locator(".todo-count")).to_have_text("3 items left")
    page.get_by_label("Search the list").press_sequentially("nip")
    expect(page.get_by_text("No to-dos match “catnip”.")).to_be_visible()
    page.get_by_label("Search the list").fill("")
    expect(todos).to_have_text(THREE)
    page.wait_for_url("**/todos/")


def test_without_a_network_nothing_is_lost_that_was_typed(page, todos, add):
    line = Line(page)
    line.throttle(offline=True)
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
    expect(todos.nth(2).locator("label")).to_have_text(THREE[2])
    line.throttle()
    todos.nth(1).locator(".edit").press("Enter")
    expect(todos.nth(1)).to_have_text("feed the dog")
    todos.nth(0).get_by_role("button", name="Try again").click()
    expect(todos.nth(0)).to_have_class("completed")
    page.locator(".new-todo").press("Enter")
    expect(todos.locator("label")).to_have_text([THREE[0], "feed the dog", THREE[2], "water the plants"])
    expect(page.locator(".new-todo-form").get_by_role("alert")).to_have_count(0)


def test_a_log_in_that_ran_out_is_said_and_goes_on_afterwards(page, todos, add):
    user = page.locator(".account a").inner_text()
    old = page.locator("#todoapp").get_attribute("hx-headers")
    page.context.clear_cookies()
    add("water the plants")
    expect(page.get_by_role("alert")).to_contain_text("You are no longer logged in.")
    expect(page.locator(".new-todo")).to_have_value("water the plants")
    with page.expect_popup() as popup:
        page.get_by_role("link", name="Log in, in a new tab").click()
    popup.value.get_by_label("Username").fill(user)
    popup.value.get_by_label("Password").fill(PASSWORD)
    popup.value.get_by_role("button", name="Log in").click()
    popup.value.wait_for_url("**/todos/")
    popup.value.close()
    page.wait_for_function(NEW_TOKEN, arg=old)
    page.locator(".new-todo").press("Enter")
    expect(todos).to_have_text([*THREE, "water the plants"])


@pytest.mark.usefixtures("no_errors")
def test_a_file_that_is_dropped_on_a_todo_is_sent_and_attached(page, sqlite_site, todos, tmp_path):
    line = Line(page)
    line.throttle(SLOWER)
    box = todos.nth(1).bounding_box()
    drop_at(page, box["x"] + 100, box["y"] + 10, make_file(tmp_path))
    expect(todos.nth(1).get_by_role("progressbar")).to_be_visible()
    todos.nth(1).locator(".toggle").click()
    expect(todos.nth(1)).to_have_class("completed")
    expect(todos.nth(1).get_by_role("progressbar")).to_be_visible()  # the row was replaced around it
    line.throttle()
    expect(todos.nth(1).get_by_role("link", name="data.bin")).to_be_visible()
    expect(todos.nth(1).get_by_role("progressbar")).to_have_count(0)
    page.reload()
    todos.nth(1).get_by_role("link", name="data.bin").click()
    expect(page.get_by_role("heading", name="data.bin")).to_be_visible()


def test_bar_of_a_file_returns_with_the_row_of_its_todo(page, todos, tmp_path):
    line = Line(page)
    line.throttle(NEARLY_STILL)
    titles, bar = todos.locator(".view label"), todos.nth(1).get_by_role("progressbar")
    search = page.get_by_label("Search the list")
    box = todos.nth(1).bounding_box()
    drop_at(page, box["x"] + 100, box["y"] + 10, make_file(tmp_path))
    expect(bar).to_be_visible()
    page.get_by_role("link", name="Completed").click()
    expect(todos).to_have_count(0)
    page.get_by_role("link", name="Active").click()
    expect(titles).to_have_text(THREE)
    expect(bar).to_be_visible()
    search.fill("cheese")
    expect(titles).to_have_text(THREE[:1])
    search.fill("")
    expect(titles).to_have_text(THREE)
    expect(bar).to_be_visible()
    search.fill("cheese")
    expect(titles).to_have_text(THREE[:1])
    with page.expect_response("**/attach/"):
        line.throttle()
    search.fill("")
    expect(todos.nth(1).get_by_role("link", name="data.bin")).to_be_visible()
    expect(bar).to_have_count(0)


@pytest.mark.usefixtures("no_errors")
def test_a_long_list_scrolls_on(page, sqlite_site, add):
    sign_up(page, sqlite_site, "scrolling")
    add_steps(page, sqlite_site, 110)
    page.reload()
    rows = page.locator(".todo-list li")
    expect(rows).to_have_count(100)
    add("The last")
    expect(rows).to_have_count(101)
    rows.last.scroll_into_view_if_needed()
    page.mouse.wheel(0, 10_000)
    expect(rows).to_have_count(111)
    expect(rows.last).to_have_text("The last")
    expect(page.get_by_role("link", name="More")).to_have_count(0)


def copy_the_only_row(site: Site, title: str, number: int) -> None:
    with closing(sqlite3.connect(site.state_dir / "headway.sqlite3", timeout=30)) as database, database:
        names = [row[1] for row in database.execute("PRAGMA table_info(todos_todo)")]
        values = [{"id": "NULL", "uid": "hex(randomblob(16))"}.get(name, f'"{name}"') for name in names]
        (pk,) = database.execute("SELECT max(id) FROM todos_todo WHERE title = ?", [title]).fetchone()
        for _ in range(number):
            database.execute(f"INSERT INTO todos_todo SELECT {', '.join(values)} FROM todos_todo WHERE id = ?", [pk])


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
def test_work_per_page_does_not_grow_with_the_list(page, sqlite_site):
    sign_up(page, sqlite_site, "long-list")
    add_steps(page, sqlite_site, 1)
    copy_the_only_row(sqlite_site, "Step 0", 409)
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


def test_today_is_the_day_of_the_reader(browser, sqlite_site):
    now = datetime.now(UTC)
    zone = "Pacific/Kiritimati" if now.hour >= 10 else "Pacific/Pago_Pago"  # where it is another day than in UTC
    context = browser.new_context(timezone_id=zone)
    page = context.new_page()
    sign_up(page, sqlite_site, "far-away")
    page.locator(".new-todo").fill("Call mum today")
    page.locator(".new-todo").press("Enter")
    expect(page.locator(".todo-list .due.today")).to_have_text("Today")
    (todo,) = context.request.get(f"{sqlite_site.url}/api/todos/", max_retries=2).json()
    assert todo["due_on"] == str(now.astimezone(ZoneInfo(zone)).date()) != str(now.date())
    context.close()


def test_all_of_it_without_javascript(browser, sqlite_site, tmp_path):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    sign_up(page, sqlite_site, "no-javascript")
    rows = page.locator(".todo-list li")
    for title in ("Call mum today", "Buy milk", "Pay the rent"):
        page.get_by_label("What is to be done?").fill(title)
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
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_is_accessible_and_fits(page, sqlite_site, scheme, add):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 320, "height": 800})
    sign_up(page, sqlite_site, f"states-{scheme}")
    add("Call mum today", "Buy milk", "Pay the rent", "x" * 300)
    rows = page.locator(".todo-list li")
    expect(rows).to_have_count(4)
    rows.nth(1).locator(".toggle").click()
    rows.nth(2).locator(".destroy").click()
    expect(rows).to_have_count(3)
    page.locator(".new-todo").fill("Paint tomorrow")
    expect(page.locator("#previewed-date")).to_contain_text("Due")
    edit(rows.nth(1))
    for size in ("100%", "200%"):
        page.evaluate("size => document.documentElement.style.fontSize = size", size)
        results = Axe().run(page)
        assert results.violations_count == 0, results.generate_report()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("Escape")
    rows.first.locator(".open").click()
    expect(page.get_by_role("heading", name="Edit a to-do")).to_be_visible()
    assert Axe().run(page).violations_count == 0
