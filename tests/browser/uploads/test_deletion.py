"""Deleting uploads, undo, and discarding unfinished uploads, with and without JavaScript."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible, assert_no_sideways_scrolling
from tests.browser.conftest import log_in
from tests.browser.uploads.helpers import (
    LABEL,
    choose_files,
    expect_cards,
    make_file,
    open_uploads,
    row,
    send_partly,
)

NAMES = ["a.bin", "b.bin", "c.bin"]


@pytest.fixture
def page_with_files(page, sqlite_site, tmp_path, username) -> Page:
    """A new user's page of three uploads, newest first."""
    open_uploads(page, sqlite_site, username)
    for name in NAMES:
        choose_files(page, make_file(tmp_path, name, 1000))
        expect(page.locator(".file h2").first).to_have_text(name)
    expect_cards(page, *NAMES)
    return page


@pytest.fixture
def open_without_javascript(page_without_javascript, sqlite_site):
    """Return a function that logs a user in without JavaScript, and returns the page of uploads."""

    def open_uploads(name: str) -> Page:
        page_without_javascript.goto(f"{sqlite_site.url}/accounts/login/?next=/uploads/")
        log_in(page_without_javascript, name)
        return page_without_javascript

    return open_uploads


def expect_names(page: Page, *names: str) -> None:
    expect(page.locator(".file h2")).to_have_text(names)


@pytest.mark.usefixtures("no_errors")
def test_deleted_uploads_can_be_restored_without_a_reload(page_with_files):
    page = page_with_files
    page.evaluate("window.wasNotReloaded = true")
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
    assert page.evaluate("window.wasNotReloaded")
    for name in NAMES:
        page.get_by_role("button", name=f"Delete {name}").click()
        expect(page.get_by_role("button", name=f"Undo: restore {name}")).to_be_focused()
    expect(page.get_by_text("No files yet")).to_be_visible()
    page.reload()
    expect_names(page)


@pytest.mark.usefixtures("page_with_files")
def test_deleted_upload_can_be_restored_without_javascript(open_without_javascript, username):
    page = open_without_javascript(username)
    page.get_by_role("button", name="Delete b.bin").click()
    expect(page.get_by_text("Deleted b.bin.")).to_be_visible()
    expect_names(page, "c.bin", "a.bin")
    page.get_by_role("button", name="Undo: restore b.bin").click()
    expect_names(page, "c.bin", "b.bin", "a.bin")
    expect(page.get_by_text("Deleted b.bin.")).to_have_count(0)


def test_undo_shows_an_error_if_the_upload_was_restored_in_another_tab(page_with_files):
    page = page_with_files
    page.get_by_role("button", name="Delete b.bin").click()
    undo = page.get_by_role("button", name="Undo: restore b.bin")
    with page.context.expect_page() as opened:
        page.evaluate("open(location)")
    other = opened.value
    other.goto(page.url)
    other.evaluate(
        """async (url) => {
            const body = new FormData(document.querySelector(".file .delete"));
            await fetch(url, { method: "POST", body });
        }""",
        undo.evaluate("button => button.form.action"),
    )
    undo.click()
    expect(page.get_by_text("There is nothing at this address")).to_be_visible()


def test_unfinished_upload_can_be_discarded_without_javascript(
    page, network, sqlite_site, tmp_path, open_without_javascript
):
    open_uploads(page, sqlite_site, "unfinished")
    send_partly(page, network, make_file(tmp_path))
    page.get_by_role("button", name="Pause: data.bin").click()
    expect(row(page, "data.bin")).to_contain_text("Paused")
    other = open_without_javascript("unfinished")
    expect(other.get_by_role("region", name="Unfinished")).to_contain_text("data.bin")
    expect(other.get_by_label(LABEL)).to_be_visible()
    assert_no_sideways_scrolling(page)
    other.get_by_role("button", name="Discard data.bin").click()
    expect(other.get_by_text("Discarded data.bin.")).to_be_visible()
    expect(other.get_by_role("region", name="Unfinished")).to_have_count(0)
    page.get_by_role("button", name="Resume: data.bin").click()
    expect(row(page, "data.bin")).to_contain_text("no longer has this unfinished upload")
    network.throttle()
    page.get_by_role("button", name="Try again: data.bin").click()
    expect_cards(page, "data.bin")
