"""Due dates in titles: their preview and result wherever a title is typed, and pasted lines."""

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import sign_up
from tests.browser.dashboard import call_api, open_dashboard
from tests.browser.site import Site

AS_TYPED = "Keep it as typed, without a date"


def add_todo(page: Page, site: Site, **fields) -> dict:
    return call_api(page, site, "POST", "/api/todos/", data=fields).json()


def saved_todos(page: Page, site: Site) -> list[tuple[str, str | None]]:
    """Wait until all changes of the page are saved. Return titles and due dates."""
    expect(page.locator("#todoapp[aria-busy=true]")).to_have_count(0)
    return [(todo["title"], todo["due_on"]) for todo in call_api(page, site, "GET", "/api/todos/").json()]


@pytest.fixture
def row(page, sqlite_site, username) -> Locator:
    """The row of "Pay rent", due on 2030-01-31, in the list of a new user."""
    sign_up(page, sqlite_site, username)
    add_todo(page, sqlite_site, title="Pay rent", due_on="2030-01-31")
    page.reload()
    return page.locator(".todo-list li")


def type_new_title(row: Locator, title: str) -> Locator:
    """Start to edit a row and type a title. Return the field."""
    row.locator(".view label").dblclick()
    field = row.locator(".edit")
    field.fill(title)
    return field


@pytest.mark.usefixtures("no_errors")
def test_new_todo_previews_its_due_date_and_can_be_kept_as_typed(page, sqlite_site):
    sign_up(page, sqlite_site, "due")
    field = page.locator(".new-todo")
    rows = page.locator(".todo-list li")
    as_typed = page.get_by_label(AS_TYPED)
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


def test_today_is_the_date_in_the_browsers_time_zone(browser, sqlite_site):
    now = datetime.now(UTC)
    zone = "Pacific/Kiritimati" if now.hour >= 10 else "Pacific/Pago_Pago"  # its date differs from UTC's
    context = browser.new_context(timezone_id=zone)
    page = context.new_page()
    sign_up(page, sqlite_site, "far-away")
    page.locator(".new-todo").fill("Call mum today")
    page.locator(".new-todo").press("Enter")
    expect(page.locator(".todo-list .due.today")).to_have_text("Today")
    (todo,) = context.request.get(f"{sqlite_site.url}/api/todos/", max_retries=2).json()
    assert todo["due_on"] == str(now.astimezone(ZoneInfo(zone)).date()) != str(now.date())
    context.close()


@pytest.mark.usefixtures("no_errors")
class TestRename:
    def test_rename_previews_and_sets_the_due_date(self, page, sqlite_site, row):
        field = type_new_title(row, "Pay the rent 3 dec 2031")
        text = "Due Wed, 3 Dec 2031, from “3 dec 2031”."
        expect(row.locator(".previewed-date")).to_have_text(text)
        field.press("Enter")
        expect(row.locator(".view label")).to_have_text("Pay the rent")
        expect(row.locator(".due")).to_have_text("Wed, 3 Dec 2031")
        assert saved_todos(page, sqlite_site) == [("Pay the rent", "2031-12-03")]

    def test_rename_without_a_date_keeps_the_due_date(self, page, sqlite_site, row):
        field = type_new_title(row, "Pay rent every friday")
        field.press("Enter")
        expect(row.locator(".due")).to_have_text("Thu, 31 Jan 2030")
        expect(row.locator("label")).to_have_text(["Pay rent every friday"])

    def test_rename_keeps_a_title_as_typed(self, page, sqlite_site, row):
        type_new_title(row, "Pay rent today")
        row.get_by_label(AS_TYPED).click()
        expect(row).to_have_class(re.compile(r"\bediting\b"))
        expect(row.locator(".edit")).to_be_focused()
        page.keyboard.press("Enter")
        expect(row.locator("label")).to_have_text(["Pay rent today"])
        expect(row.locator(".due")).to_have_text("Thu, 31 Jan 2030")

    def test_rename_by_keyboard_keeps_a_title_as_typed(self, page, sqlite_site, row):
        type_new_title(row, "Pay rent today")
        expect(row.get_by_label(AS_TYPED)).to_be_visible()
        page.keyboard.press("Tab")
        expect(row.get_by_label(AS_TYPED)).to_be_focused()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        expect(row.locator("label")).to_have_text(["Pay rent today"])
        assert saved_todos(page, sqlite_site) == [("Pay rent today", "2030-01-31")]

    def test_escape_ends_the_preview_and_changes_nothing(self, page, sqlite_site, row):
        type_new_title(row, "Pay rent today")
        expect(row.get_by_label(AS_TYPED)).to_be_visible()
        page.keyboard.press("Escape")
        expect(row.locator(".date-preview")).to_have_count(0)
        expect(row.locator("label")).to_have_text(["Pay rent"])
        assert saved_todos(page, sqlite_site) == [("Pay rent", "2030-01-31")]


@pytest.mark.usefixtures("no_errors")
def test_edit_page_previews_unless_a_due_date_is_set_there(page, sqlite_site, row):
    page.goto(f"{sqlite_site.url}{row.get_by_role('link', name='Edit Pay rent').get_attribute('href')}")
    preview = page.locator(".previewed-date")
    page.get_by_label("Title").fill("Pay rent 3 dec 2031")
    expect(preview).to_contain_text("from “3 dec 2031”")
    page.get_by_label("Due").fill("2032-01-01")
    expect(preview).to_be_empty()
    page.get_by_label("Due").fill("2030-01-31")
    expect(preview).to_contain_text("from “3 dec 2031”")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/todos/")
    assert saved_todos(page, sqlite_site) == [("Pay rent", "2031-12-03")]


@pytest.mark.usefixtures("no_errors")
class TestDashboard:
    @pytest.fixture
    def panel(self, page, sqlite_site, username) -> Locator:
        open_dashboard(page, sqlite_site, username)
        panel = page.locator("due-list")
        expect(panel).to_be_visible()  # text that is typed before that is lost
        return panel

    def test_dashboard_previews_and_sets_the_due_date(self, page, sqlite_site, panel):
        field = page.get_by_label("What needs to be done?")
        field.press_sequentially("Pay rent 3 dec 2031")
        expect(panel.locator(".previewed-date")).to_contain_text("from “3 dec 2031”")
        field.press("Enter")
        expect(panel.locator("li")).to_have_text(["Pay rentWed, 3 Dec 2031"])
        expect(panel.locator(".previewed-date")).to_be_empty()
        assert saved_todos(page, sqlite_site) == [("Pay rent", "2031-12-03")]

    def test_dashboard_keeps_a_title_as_typed(self, page, sqlite_site, panel):
        field = page.get_by_label("What needs to be done?")
        field.press_sequentially("Paint today")
        panel.get_by_label(AS_TYPED).click()
        field.press("Enter")
        expect(panel.locator("li")).to_have_text(["Paint today"])
        expect(panel.get_by_label(AS_TYPED)).to_be_hidden()
        page.get_by_label("Due", exact=True).fill("2031-12-03")
        field.press_sequentially("Print today")
        field.press("Enter")
        expect(panel.locator("li")).to_have_text(["Print todayWed, 3 Dec 2031", "Paint today"])
        assert saved_todos(page, sqlite_site) == [("Paint today", None), ("Print today", "2031-12-03")]

    def test_completed_todo_is_not_overdue(self, page, sqlite_site, panel):
        add_todo(page, sqlite_site, title="Pay rent", due_on="2020-01-31")
        time = panel.locator("li time")
        expect(time).to_have_text("Overdue: 31 Jan 2020")
        panel.get_by_label("Pay rent").click()
        expect(time).to_have_text("31 Jan 2020")
        expect(time).to_have_class("chip")

    def test_todos_are_sorted_by_orders_beyond_the_precision_of_numbers(self, page, sqlite_site, panel):
        for title, order in (("third", 2**62 + 2), ("first", 2**62), ("second", 2**62 + 1)):
            add_todo(page, sqlite_site, title=title, order=order)
        expect(panel.locator("li")).to_have_text(["first", "second", "third"])
        page.reload()
        expect(panel.locator("li")).to_have_text(["first", "second", "third"])


class TestPaste:
    @pytest.fixture
    def rows(self, page, sqlite_site, username) -> Locator:
        sign_up(page, sqlite_site, username)
        return page.locator(".todo-list .view label")

    def paste(self, page: Page, text: str) -> None:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.evaluate("text => navigator.clipboard.writeText(text)", text)
        page.locator(".new-todo").focus()
        page.keyboard.press("Control+V")

    @pytest.mark.usefixtures("no_errors")
    def test_pasted_lines_are_added_as_several_todos(self, page, sqlite_site, rows):
        self.paste(page, "Buy milk\n\nPay rent 3 dec 2031\nSow\n")
        expect(page.get_by_text("You pasted 3 lines.")).to_be_visible()
        page.get_by_role("button", name="Add 3 to-dos").click()
        expect(rows).to_have_text(["Buy milk", "Pay rent", "Sow"])
        expect(page.locator(".pasted-lines")).to_have_count(0)
        expect(page.locator(".new-todo")).to_have_value("")
        expect(page.locator(".new-todo")).to_be_focused()
        assert saved_todos(page, sqlite_site) == [("Buy milk", None), ("Pay rent", "2031-12-03"), ("Sow", None)]

    @pytest.mark.usefixtures("no_errors")
    def test_pasted_lines_are_added_as_one_todo(self, page, rows):
        self.paste(page, "Buy milk\nand bread")
        page.get_by_role("button", name="Add as one").click()
        expect(rows).to_have_text(["Buy milk and bread"])
        expect(page.locator(".pasted-lines")).to_have_count(0)

    @pytest.mark.usefixtures("no_errors")
    def test_typing_hides_the_choice_for_pasted_lines(self, page, rows):
        self.paste(page, "Buy milk\nand bread")
        expect(page.get_by_text("You pasted 2 lines.")).to_be_visible()
        page.keyboard.type(" today")
        expect(page.locator(".pasted-lines")).to_have_count(0)
        self.paste(page, "one line")
        expect(page.locator(".pasted-lines")).to_have_count(0)

    def test_rejected_lines_are_kept(self, page, sqlite_site, rows):
        self.paste(page, f"Buy milk\n{'x' * 501}")
        expect(page.locator(".new-todo")).to_have_value("")
        expect(page.get_by_role("button", name="Add as one")).to_be_hidden()
        with page.expect_response("**/todos/several/"):
            page.get_by_role("button", name="Add 2 to-dos").click()
        expect(page.get_by_text("Nothing was added, because of line 2")).to_be_visible()
        expect(page.get_by_role("button", name="Add 2 to-dos")).to_be_enabled()
        page.get_by_role("button", name="Cancel").click()
        expect(page.locator(".pasted-lines")).to_have_count(0)
        assert saved_todos(page, sqlite_site) == []
