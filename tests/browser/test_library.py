"""The files that are there: deleted and had back, with a script and without, and what was left unfinished."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, TIMEOUT_MS
from tests.browser.test_look import assert_accessible, assert_no_sideways_scrolling
from tests.browser.uploading import LABEL, Line, choose, expect_cards, make_file, open_uploads, row, send_a_part

NAMES = ["a.bin", "b.bin", "c.bin"]


@pytest.fixture
def three(page, sqlite_site, tmp_path, request):
    """A page with three cards, the last one first."""
    open_uploads(page, sqlite_site, request.node.originalname[-25:])
    for name in NAMES:
        choose(page, make_file(tmp_path, name, 1000))
        expect(page.locator(".card h2").first).to_have_text(name)
    expect_cards(page, *NAMES)
    return page


@pytest.fixture
def plain(browser, sqlite_site):
    """Log in with a browser that runs no scripts, and go to the uploads."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)

    def log_in(name: str) -> Page:
        page.goto(f"{sqlite_site.url}/accounts/login/?next=/uploads/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        return page

    yield log_in
    context.close()


def expect_names(page: Page, *names: str) -> None:
    expect(page.locator(".card h2")).to_have_text(names)


@pytest.mark.usefixtures("no_errors")
def test_deleting_can_be_undone_without_a_reload(three):
    page = three
    page.evaluate("window.same = true")
    page.get_by_role("button", name="Delete b.bin").click()
    undo = page.get_by_role("button", name="Undo: restore b.bin")
    expect(undo).to_be_focused()
    expect(page.get_by_role("status").filter(has_text="Deleted b.bin.")).to_be_visible()
    expect_names(page, "c.bin", "a.bin")
    page.get_by_role("button", name="Delete c.bin").click()
    expect(page.get_by_role("button", name="Undo: restore c.bin")).to_be_focused()
    assert_accessible(page)
    undo.click()
    expect(page.get_by_role("heading", name="b.bin").get_by_role("link")).to_be_focused()
    page.get_by_role("button", name="Undo: restore c.bin").click()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    expect_names(page, "c.bin", "b.bin", "a.bin")
    assert page.evaluate("window.same")
    for name in NAMES:
        page.get_by_role("button", name=f"Delete {name}").click()
        expect(page.get_by_role("button", name=f"Undo: restore {name}")).to_be_focused()
    expect(page.get_by_text("No files yet")).to_be_visible()
    page.reload()
    expect_names(page)


def test_deleting_can_be_undone_without_a_script(three, plain):
    page = plain("test_deleting_can_be_undone_without_a_script"[-25:])
    page.get_by_role("button", name="Delete b.bin").click()
    expect(page.get_by_text("Deleted b.bin.")).to_be_visible()
    expect_names(page, "c.bin", "a.bin")
    page.get_by_role("button", name="Undo: restore b.bin").click()
    expect_names(page, "c.bin", "b.bin", "a.bin")
    expect(page.get_by_text("Deleted b.bin.")).to_have_count(0)


def test_what_can_not_be_had_back_any_more_is_said(three):
    page = three
    page.get_by_role("button", name="Delete b.bin").click()
    undo = page.get_by_role("button", name="Undo: restore b.bin")
    with page.context.expect_page() as opened:
        page.evaluate("open(location)")
    other = opened.value
    other.goto(page.url)
    other.evaluate(
        """async (url) => {
            const body = new FormData(document.querySelector(".card .delete"));
            await fetch(url, { method: "POST", body });
        }""",
        undo.evaluate("button => button.form.action"),
    )
    undo.click()
    expect(page.get_by_text("There is nothing at this address")).to_be_visible()


def test_without_a_script_what_is_unfinished_is_listed_and_can_be_discarded(page, sqlite_site, tmp_path, plain):
    open_uploads(page, sqlite_site, "unfinished")
    line = Line(page)
    send_a_part(page, line, make_file(tmp_path))
    page.get_by_role("button", name="Pause: data.bin").click()
    expect(row(page, "data.bin")).to_contain_text("Paused")
    other = plain("unfinished")
    expect(other.get_by_role("region", name="Unfinished")).to_contain_text("data.bin")
    expect(other.get_by_label(LABEL)).to_be_visible()
    assert_no_sideways_scrolling(page)
    other.get_by_role("button", name="Discard data.bin").click()
    expect(other.get_by_text("Discarded data.bin.")).to_be_visible()
    expect(other.get_by_role("region", name="Unfinished")).to_have_count(0)
    page.get_by_role("button", name="Resume: data.bin").click()
    expect(row(page, "data.bin")).to_contain_text("no longer has the part that was sent")
    line.throttle()
    page.get_by_role("button", name="Try again: data.bin").click()
    expect_cards(page, "data.bin")
