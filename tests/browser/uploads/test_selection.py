"""The list of files: views, sort orders, search, and the selection of several files."""

import zipfile

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible, assert_no_sideways_scrolling
from tests.browser.conftest import CLOSE_CONNECTION, log_in
from tests.browser.uploads.helpers import choose_files, expect_cards, make_file, open_uploads
from tests.helpers import photo

FILES = {"a.txt": b"a" * 300, "c.jpg": photo(600, 400), "b.txt": b"b" * 100, "broken.jpg": photo()[:500]}
NEWEST_FIRST = ["broken.jpg", "b.txt", "c.jpg", "a.txt"]
SHIFTS = """() => new Promise((resolve) => new PerformanceObserver((list) =>
    resolve(list.getEntries().filter((entry) => !entry.hadRecentInput).map((entry) => entry.value))
).observe({ type: "layout-shift", buffered: true }) || setTimeout(() => resolve([]), 300))"""


@pytest.fixture
def page_with_files(page, sqlite_site, username) -> Page:
    """A new user's page of these files, all of them processed, and a to-do."""
    open_uploads(page, sqlite_site, username)
    http, api = page.context.request, f"{sqlite_site.url}/api"
    token = http.get(f"{api}/session/", headers=CLOSE_CONNECTION).json()["csrf_token"]
    headers = {"X-CSRFToken": token, **CLOSE_CONNECTION}
    for name, content in FILES.items():
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        assert http.post(f"{api}/uploads/", headers=headers, multipart={"file": file}).status == 202
    assert http.post(f"{api}/todos/", headers=headers, data={"title": "Pay rent"}).status == 201
    page.goto(f"{sqlite_site.url}/uploads/")
    expect_cards(page, *FILES)
    return page


def expect_names(page: Page, *names: str) -> None:
    expect(page.locator(".file h2")).to_have_text(names)


def expect_selected(page: Page, *names: str) -> None:
    expect(page.locator(".file:has(.select:checked) h2")).to_have_text(names)
    bar = page.locator("#selection")
    if names:
        expect(bar.locator(".selected-number")).to_have_text(str(len(names)))
    else:
        expect(bar).to_be_hidden()


def select(page: Page, name: str):
    return page.get_by_role("checkbox", name=f"Select {name}")


@pytest.mark.usefixtures("no_errors")
def test_files_are_selected_by_mouse_and_keys(page_with_files):
    page = page_with_files
    press = page.keyboard.press
    select(page, "b.txt").check()
    select(page, "a.txt").click(modifiers=["Shift"])
    expect_selected(page, "b.txt", "c.jpg", "a.txt")
    expect(page.locator("#news")).to_have_text("Selected: 3 files, " + page.locator(".selected-size").inner_text())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert_accessible(page)
    page.set_viewport_size({"width": 320, "height": 640})
    assert_no_sideways_scrolling(page)
    for button in page.locator("#selection button:visible").all():
        box = button.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
    page.set_viewport_size({"width": 1280, "height": 720})
    press("Escape")
    expect_selected(page)
    page.get_by_role("heading", name="c.jpg").get_by_role("link").focus()
    press("x")
    expect_selected(page, "c.jpg")
    press("Control+a")
    expect_selected(page, *NEWEST_FIRST)
    expect(page.get_by_role("button", name="Select all")).to_be_hidden()
    page.get_by_role("button", name="Clear selection").click()
    expect_selected(page)
    expect(page.get_by_role("heading", name="c.jpg").get_by_role("link")).to_be_focused()


@pytest.mark.usefixtures("no_errors")
def test_selected_files_are_downloaded_attached_and_deleted(page_with_files, tmp_path):
    page = page_with_files
    page.evaluate("window.wasNotReloaded = true")
    for name in ("a.txt", "b.txt"):
        select(page, name).check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    download.value.save_as(tmp_path / "files.zip")
    with zipfile.ZipFile(tmp_path / "files.zip") as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            name: FILES[name] for name in ("a.txt", "b.txt")
        }

    page.get_by_role("button", name="Attach to a to-do").click()
    dialog = page.get_by_role("dialog", name="Attach to a to-do")
    search = dialog.get_by_label("Search your to-dos")
    expect(search).to_be_focused()
    assert_accessible(page)
    search.press_sequentially("tent")
    expect(dialog).to_contain_text("No to-dos match “tent”.")
    search.fill("RENT")
    dialog.get_by_role("button", name="Pay rent").click()
    expect(page.get_by_text("Attached 2 files to Pay rent.")).to_be_visible()
    expect_selected(page)

    for name in ("c.jpg", "b.txt"):
        select(page, name).check()
    page.locator("#selection").get_by_role("button", name="Delete").click()
    undo = page.get_by_role("button", name="Undo: restore 2 files")
    expect(undo).to_be_focused()
    expect_names(page, "broken.jpg", "a.txt")
    expect_selected(page)
    undo.click()
    expect_names(page, *NEWEST_FIRST)
    assert page.evaluate("window.wasNotReloaded")


@pytest.mark.usefixtures("no_errors")
def test_new_files_get_their_place_in_sorted_and_filtered_lists(page_with_files, tmp_path):
    page = page_with_files
    page.locator(".sort-menu summary").click()
    page.get_by_role("link", name="Name").click()
    expect_names(page, "a.txt", "b.txt", "broken.jpg", "c.jpg")
    page.get_by_role("link", name="List", exact=True).click()
    expect(page.locator("#cards")).to_have_attribute("data-view", "list")
    assert sum(page.evaluate(SHIFTS)) == 0
    choose_files(page, make_file(tmp_path, "Bad.bin", 1000))
    expect_names(page, "a.txt", "b.txt", "Bad.bin", "broken.jpg", "c.jpg")
    expect_cards(page, *FILES, "Bad.bin")
    heights = page.locator(".cards > li").evaluate_all("items => items.map((item) => item.offsetHeight)")
    assert max(heights) - min(heights) <= 1
    assert_accessible(page)
    search = page.get_by_label("Search files by name")
    search.fill("TXT")
    search.press("Enter")
    expect_names(page, "a.txt", "b.txt")
    choose_files(page, *(make_file(tmp_path, f"{number}.bin", 1000) for number in range(3)))
    expect(page.get_by_text("Its name doesn't match your search.")).to_have_count(3)
    choose_files(page, make_file(tmp_path, "new.bin", 1000))
    expect(page.get_by_text("Uploaded new.bin. Its name doesn't match your search.")).to_be_visible()
    expect(page.get_by_text("Its name doesn't match your search.")).to_have_count(3)
    expect_names(page, "a.txt", "b.txt")


@pytest.mark.usefixtures("page_with_files")
def test_selection_works_without_javascript(page_without_javascript, sqlite_site, username):
    page = page_without_javascript
    page.goto(f"{sqlite_site.url}/accounts/login/?next=/uploads/%3Fsort=size")
    log_in(page, username)
    for name in ("a.txt", "b.txt"):
        select(page, name).check()
    page.get_by_role("button", name="Attach to a to-do").click()
    page.get_by_role("button", name="Pay rent").click()
    expect(page.get_by_text("Attached 2 files to “Pay rent”.")).to_be_visible()
    for name in ("a.txt", "b.txt"):
        select(page, name).check()
    page.locator("#selection").get_by_role("button", name="Delete").click()
    page.get_by_role("button", name="Undo: restore 2 files").click()
    expect(page.locator(".file")).to_have_count(len(FILES))
