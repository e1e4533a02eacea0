"""The lists Today and Upcoming, and changes of due dates on them and on another device."""

from datetime import datetime, timedelta

from playwright.sync_api import expect

from tests.browser.conftest import sign_up
from tests.browser.todos.helpers import TITLES, add_numbered_todos


def test_rows_stay_sorted_by_due_date(devices, sqlite_site):
    here, there = devices
    here.page.goto(f"{sqlite_site.url}/todos/upcoming/")
    expect(here.page.locator("#no-todos")).to_be_visible()
    there.rename(TITLES[0], f"{TITLES[0]} in 9 days")
    there.rename(TITLES[2], f"{TITLES[2]} in 2 days")
    expect(here.titles).to_have_text([TITLES[2], TITLES[0]])
    here.add("call mum", "call dad in 5 days", "pay rent today")
    expect(here.titles).to_have_text(["call mum", TITLES[2], "call dad", TITLES[0]])
    expect(here.counter).to_have_text("4 items left")
    here.rename("call mum", "call mum in 3 days")
    expect(here.titles).to_have_text([TITLES[2], "call mum", "call dad", TITLES[0]])
    here.row("call dad").locator(".toggle").click()
    expect(here.titles).to_have_text([TITLES[2], "call mum", TITLES[0]])


def test_rows_are_grouped_by_headings_that_follow_changes(devices, sqlite_site):
    here, there = devices
    here.page.goto(f"{sqlite_site.url}/todos/upcoming/")
    headings = here.page.locator("#todo-list").get_by_role("heading")
    here.add("call mum", "call dad in 200 days")
    expect(headings).to_have_count(2)
    expect(headings.first).to_have_text("Tomorrow")
    month = headings.nth(1).inner_text()
    there.rename(TITLES[0], f"{TITLES[0]} in 2 days")
    expect(headings).to_have_count(3)
    expect(here.titles).to_have_text(["call mum", TITLES[0], "call dad"])
    here.rename("call mum", "call mum in 200 days")
    expect(headings).to_have_count(2)
    expect(here.page.locator(f"section[data-group='{month}'] label")).to_have_text(["call mum", "call dad"])
    there.row("call dad").locator(".toggle").click()
    expect(here.titles).to_have_text([TITLES[0], "call mum"])
    here.page.reload()
    expect(headings).to_have_count(2)
    expect(headings.nth(1)).to_have_text(month)


def test_rows_of_the_next_page_join_the_groups(page, sqlite_site, username):
    sign_up(page, sqlite_site, username)
    add_numbered_todos(page, sqlite_site, 150, due_on="date('now', (2 + :number / 60) || ' days')")
    page.goto(f"{sqlite_site.url}/todos/upcoming/")
    groups, rows = page.locator("#todo-list section"), page.locator("#todo-list li")
    expect(rows).to_have_count(100)
    page.mouse.wheel(0, 100_000)
    expect(rows).to_have_count(150)
    expect(rows.locator("label")).to_have_text([f"Step {number}" for number in range(150)])
    expect(groups).to_have_count(3)
    for group, count in zip(groups.all(), (60, 60, 30), strict=True):
        expect(group.locator("li")).to_have_count(count)
        day = group.locator("h2").inner_text()
        assert group.locator("li").evaluate_all("(rows) => rows.map((row) => row.dataset.group)") == [day] * count
    expect(page.locator(".more a")).to_have_count(0)


def test_list_is_requested_again_on_another_day(devices):
    here, _ = devices
    here.page.clock.set_fixed_time(datetime.now() + timedelta(days=1))
    with here.page.expect_response("**/todos/"):
        here.page.evaluate("dispatchEvent(new Event('focus'))")
    expect(here.titles).to_have_text(TITLES)


def test_menu_sets_due_dates_by_keyboard_and_touch(todos, page, sqlite_site):
    menu, row = page.get_by_role("dialog", name="Due date"), todos.nth(0)
    button = page.get_by_role("button", name=f"Due date: {TITLES[0]}")
    button.press("Enter")
    expect(menu.get_by_role("button", name="Today")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()

    button.press("Enter")
    page.keyboard.press("Enter")
    expect(row.locator(".due")).to_have_text("Today")
    expect(button).to_be_focused()
    expect(page.locator("#news")).to_have_text(f"{TITLES[0]}: Today")
    page.get_by_role("button", name=f"Due date: {TITLES[1]}").click()
    menu.get_by_label("Date", exact=True).fill("2019-12-31")
    page.keyboard.press("Enter")
    expect(todos.nth(1).locator(".due")).to_contain_text("Overdue")

    page.goto(f"{sqlite_site.url}/todos/today/")
    expect(todos.locator("label")).to_have_text([TITLES[1], TITLES[0]])
    page.set_viewport_size({"width": 375, "height": 667})
    button.click()
    expect(menu.get_by_role("button", name="Tomorrow")).to_be_in_viewport(ratio=1)
    menu.get_by_role("button", name="Tomorrow").click()
    expect(todos.locator("label")).to_have_text([TITLES[1]])
    expect(page.get_by_role("button", name=f"Due date: {TITLES[1]}")).to_be_focused()
    button = page.get_by_role("button", name=f"Due date: {TITLES[1]}")
    button.click()
    menu.get_by_role("button", name="No date").click()
    expect(page.locator("#no-todos")).to_be_visible()
    expect(page.get_by_label("What needs to be done?")).to_be_focused()
