"""Export of a list and import of files, with and without JavaScript."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible, assert_no_sideways_scrolling
from tests.browser.conftest import sign_up

REPORT = ".report li"


def add_and_export(page: Page, format: str) -> bytes:
    """Add two to-dos and return the exported file."""
    for title in ("Buy milk", "Feed the cat"):
        page.get_by_label("What needs to be done?").fill(title)
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name=f"Edit {title}")).to_be_visible()
    page.locator(".list-menu > summary").click()
    page.get_by_role("link", name="Import and export").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=format).click()
    return Path(download.value.path()).read_bytes()


def import_file(page: Page, content: bytes, name: str) -> None:
    page.get_by_label("File").set_input_files({"name": name, "mimeType": "text/plain", "buffer": content})
    page.get_by_role("button", name="Import", exact=True).click()


@pytest.mark.usefixtures("no_errors")
def test_import_restores_deleted_todos_and_reports_invalid_rows(page, sqlite_site):
    sign_up(page, sqlite_site, "exchange")
    exported = add_and_export(page, "CSV")
    page.get_by_role("main").get_by_role("link", name="To-dos").click()
    page.get_by_role("button", name="Delete Buy milk").click()
    expect(page.locator(".todo-list li")).to_have_count(1)
    page.locator(".list-menu > summary").click()
    page.get_by_role("link", name="Import and export").click()
    import_file(page, exported + b"Paint the fence,,2030-02-30,,,\r\n", "todos.csv")
    expect(page.locator(REPORT)).to_have_text(
        ["0 added", "1 restored from the trash", "1 already in the list", "1 skipped"]
    )
    expect(page.get_by_role("progressbar")).to_have_count(0)
    expect(page.get_by_role("row").nth(1)).to_contain_text("2030-02-30")
    for scheme, width in (("dark", 320), ("light", 1280)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
        assert_no_sideways_scrolling(page)
    page.get_by_role("link", name="Go to your to-dos").click()
    expect(page.locator(".todo-list li")).to_have_text(["Buy milk", "Feed the cat"])


def test_import_and_export_work_without_javascript(page_without_javascript, sqlite_site):
    page = page_without_javascript
    sign_up(page, sqlite_site, "exchange-plain")
    exported = add_and_export(page, "todo.txt")
    import_file(page, b"\0\1\2\3", "picture.png")
    expect(page.get_by_role("alert")).to_contain_text("Files of this type can't be imported")
    import_file(page, exported + b"Pay the rent due:2030-01-31\n", "todo.txt")
    expect(page.locator(REPORT)).to_have_text(["1 added", "2 already in the list"])  # the page reloads itself
    page.get_by_role("link", name="Go to your to-dos").click()
    expect(page.locator(".todo-list label")).to_have_text(["Buy milk", "Feed the cat", "Pay the rent"])
