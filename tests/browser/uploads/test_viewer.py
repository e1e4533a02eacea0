"""The viewer of files: a dialog over the list, with the URL of the page of a file."""

import io
import re
from urllib.parse import urlencode

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible_and_fits, assert_no_sideways_scrolling
from tests.browser.conftest import CLOSE_CONNECTION, sign_up
from tests.browser.site import Site
from tests.browser.uploads.helpers import choose_files, make_file, open_uploads
from tests.helpers import photo

PAGE_SIZE = 24
LIST = re.compile(r"/uploads/$")
ONE_FILE = re.compile(r"/uploads/[0-9a-f-]{36}/$")
LOADED = "(picture) => picture.complete && picture.naturalWidth > 0 && !picture.style.backgroundImage"


def pdf(pages: int) -> bytes:
    file = io.BytesIO()
    images = [Image.new("RGB", (400, 600), "white") for _ in range(pages)]
    images[0].save(file, "PDF", save_all=True, append_images=images[1:])
    return file.getvalue()


FILES = {"notes.zip": b"PK", "report.pdf": pdf(2), "tall.jpg": photo(600, 1200), "wide.jpg": photo(1600, 900)}
NEWEST_FIRST = list(reversed(FILES))


def upload_files(page: Page, site: Site, files: dict[str, bytes]) -> None:
    """Upload files by the API, and wait until they are processed."""
    http = page.context.request
    token = http.get(f"{site.url}/api/session/", headers=CLOSE_CONNECTION).json()["csrf_token"]
    job_ids = []
    for name, content in files.items():
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        headers = {"X-CSRFToken": token, **CLOSE_CONNECTION}
        response = http.post(f"{site.url}/api/uploads/", headers=headers, multipart={"file": file})
        job_ids.append(response.json()["job"]["id"])
    http.get(f"{site.url}/api/progress/stream/", params=urlencode({"id": job_ids}, doseq=True))  # ends with the jobs


@pytest.fixture
def files(page, sqlite_site, username) -> Page:
    """A new user's list of these files."""
    sign_up(page, sqlite_site, username)
    upload_files(page, sqlite_site, FILES)
    page.goto(f"{sqlite_site.url}/uploads/")
    expect(page.locator(".file img")).to_have_count(3)
    return page


@pytest.fixture
def viewer(page, files):
    """The viewer with the newest file, opened by its picture."""
    page.locator("a.picture").first.click()
    viewer = page.get_by_role("dialog", name="wide.jpg")
    expect(viewer.locator("dl")).to_be_attached()
    return page.locator("#viewer")


def expect_shown(page: Page, name: str) -> None:
    index = NEWEST_FIRST.index(name) + 1
    expect(page.get_by_role("dialog", name=name)).to_be_visible()
    expect(page.locator("#viewer-position")).to_have_text(f"{index} of {len(FILES)}")
    expect(page).to_have_title(f"{name} · Headway")
    expect(page).to_have_url(ONE_FILE)


@pytest.mark.usefixtures("no_errors")
def test_keys_show_files_and_return_to_the_last_one(page, viewer):
    page.evaluate("window.wasNotReloaded = true")
    expect_shown(page, "wide.jpg")
    picture = viewer.locator(".pictures > img")
    page.wait_for_function(LOADED, arg=picture.element_handle())
    assert picture.evaluate("({ currentSrc }) => currentSrc").endswith("/1/1600.webp")
    expect(viewer.get_by_role("button", name="Previous")).to_have_attribute("aria-disabled", "true")
    assert_accessible_and_fits(page)
    page.keyboard.press("ArrowRight")
    expect_shown(page, "tall.jpg")
    expect(viewer.get_by_role("status").first).to_have_text("tall.jpg, 2 of 4")
    page.keyboard.press("ArrowRight")
    expect_shown(page, "report.pdf")
    expect(viewer.locator("ol img")).to_have_count(2)
    page.keyboard.press("i")
    expect(viewer.get_by_role("region", name="Details")).to_contain_text("application/pdf")
    assert_accessible_and_fits(page)
    page.keyboard.press("End")
    expect_shown(page, "notes.zip")
    expect(viewer.get_by_role("link", name="Download", exact=True)).to_be_visible()
    assert_accessible_and_fits(page)
    page.keyboard.press("Home")
    expect_shown(page, "wide.jpg")
    viewer.get_by_role("button", name="Next").click()
    expect_shown(page, "tall.jpg")
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    expect(page).to_have_url(LIST)
    expect(page).to_have_title("Files · Headway")
    expect(page.locator("h2").get_by_role("link", name="tall.jpg")).to_be_focused()
    page.keyboard.press("Enter")
    expect_shown(page, "tall.jpg")
    assert page.evaluate("window.wasNotReloaded")


def test_history_closes_and_opens_the_viewer(page, viewer):
    page.evaluate("window.wasNotReloaded = true")
    page.go_back()
    expect(viewer).to_be_hidden()
    page.go_forward()
    expect_shown(page, "wide.jpg")
    assert page.evaluate("window.wasNotReloaded")
    page.reload()
    expect(page.get_by_role("heading", name="wide.jpg", level=1)).to_be_visible()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("heading", name="Files", level=1)).to_be_visible()
    expect(page).to_have_url(LIST)
    page.locator("a.picture").nth(1).click(modifiers=["Control"])
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.usefixtures("no_errors")
def test_picture_is_zoomed_moved_and_swiped(page, viewer):
    picture = viewer.locator(".pictures > img")
    zoom = viewer.get_by_role("button", name="Zoom")
    fitting = picture.bounding_box()
    picture.dblclick(position={"x": 100, "y": 100})
    expect(zoom).to_have_attribute("aria-pressed", "true")
    zoomed = picture.bounding_box()
    assert zoomed["width"] == pytest.approx(2.5 * fitting["width"], rel=0.01)
    assert zoomed["x"] + 250 == pytest.approx(fitting["x"] + 100, abs=2)  # the point stays below the pointer
    page.mouse.move(640, 360)
    page.mouse.down()
    page.mouse.move(540, 330)
    page.mouse.up()
    assert picture.bounding_box()["x"] == pytest.approx(zoomed["x"] - 100, abs=2)
    page.keyboard.press("ArrowRight")
    assert picture.bounding_box()["x"] == pytest.approx(zoomed["x"] - 180, abs=2)
    expect_shown(page, "wide.jpg")
    page.keyboard.press("0")
    assert picture.bounding_box() == fitting
    page.keyboard.down("Control")
    page.mouse.wheel(0, -200)
    page.keyboard.up("Control")
    expect(zoom).to_have_attribute("aria-pressed", "true")
    zoom.click()
    assert picture.bounding_box() == fitting
    page.set_viewport_size({"width": 320, "height": 640})
    swipe(page, 250, 100)
    expect_shown(page, "tall.jpg")
    swipe(page, 100, 250)
    expect_shown(page, "wide.jpg")
    swipe(page, 100, 130)
    assert_no_sideways_scrolling(page)
    assert viewer.locator("button:visible, a:visible").evaluate_all(
        "(all) => all.every((each) => Math.min(each.offsetWidth, each.offsetHeight) >= 44)"
    )
    expect_shown(page, "wide.jpg")


def swipe(page: Page, start: int, end: int) -> None:
    """Move a finger between these x coordinates."""
    session = page.context.new_cdp_session(page)
    for kind, x in [("touchStart", start), ("touchMove", (start + end) // 2), ("touchMove", end), ("touchEnd", None)]:
        points = [] if x is None else [{"x": x, "y": 320}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.mark.usefixtures("no_errors")
def test_next_page_of_the_list_is_loaded_after_its_last_file(page, sqlite_site, username, tmp_path):
    sign_up(page, sqlite_site, username)
    names = [f"{number}.txt" for number in range(PAGE_SIZE + 2)]
    upload_files(page, sqlite_site, dict.fromkeys(names, b"text"))
    page.goto(f"{sqlite_site.url}/uploads/?sort=oldest&view=list")
    choose_files(page, make_file(tmp_path, "new.bin", 1000))  # its card is also in the next page
    expect(page.locator(".file")).to_have_count(PAGE_SIZE + 1)
    page.locator("h2 a").last.click()
    position = page.locator("#viewer-position")
    expect(position).to_have_text(f"{PAGE_SIZE + 1} of {PAGE_SIZE + 1}+")
    page.keyboard.press("ArrowRight")
    expect(position).to_have_text(f"{PAGE_SIZE + 2} of {PAGE_SIZE + 3}")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("dialog", name=names[-1])).to_be_visible()
    expect(page.get_by_role("button", name="Next")).to_have_attribute("aria-disabled", "true")
    page.keyboard.press("Escape")
    expect(page.locator("h2").get_by_role("link", name=names[-1], exact=True)).to_be_focused()
    expect(page.locator("h2").get_by_role("link", name=names[-1], exact=True)).to_be_in_viewport()

    page.reload()
    page.get_by_role("checkbox", name="Select 0.txt").check()
    page.get_by_role("button", name="Select all").click()
    page.locator("#selection").get_by_role("button", name="Delete").click()
    expect(page.locator(".file h2")).to_have_text([*names[PAGE_SIZE:], "new.bin"])
    expect(page.locator("#empty")).to_be_hidden()
    page.get_by_role("button", name=f"Undo: restore {PAGE_SIZE} files").click()
    expect(page.locator(".file h2")).to_have_text([*names, "new.bin"])


def test_deleted_file_is_replaced_by_the_next_and_can_be_restored(page, viewer):
    viewer.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog", name="tall.jpg")).to_be_visible()
    expect(page.locator("#viewer-position")).to_have_text("1 of 3")
    viewer.get_by_role("button", name="Undo: restore wide.jpg").click()
    expect_shown(page, "wide.jpg")
    for name in NEWEST_FIRST:
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        expect(viewer.locator("dl")).to_be_attached()
        page.keyboard.press("Delete")
        expect(page.get_by_text(f"Deleted {name}.")).to_be_visible()
    expect(viewer).to_be_hidden()
    expect(page).to_have_url(LIST)
    expect(page.get_by_text("No files yet")).to_be_visible()


def test_file_that_is_no_longer_available(page, viewer, sqlite_site):
    files = page.locator("h2 a").evaluate_all("(links) => links.map(({ href }) => href)")
    http = page.context.request
    token = http.get(f"{sqlite_site.url}/api/session/").json()["csrf_token"]
    deleted = files[3].replace("/uploads/", "/api/uploads/")
    assert http.delete(deleted, headers={"X-CSRFToken": token}).status == 204
    page.keyboard.press("End")
    expect(viewer.locator(".pictures")).to_contain_text("This file has been deleted.")
    expect(viewer.get_by_role("button", name="Delete")).to_be_hidden()
    page.keyboard.press("Delete")
    expect(page.get_by_role("dialog", name="notes.zip")).to_be_visible()
    page.keyboard.press("Escape")
    page.context.clear_cookies()
    page.locator("h2 a").first.click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    assert files[0].removeprefix(sqlite_site.url) in page.url


@pytest.mark.usefixtures("no_errors")
def test_file_that_is_being_processed_is_shown_when_it_is_ready(page, sqlite_site, username, holiday_photo):
    open_uploads(page, sqlite_site, username)
    choose_files(page, holiday_photo)
    page.locator("h2 a").click()
    viewer = page.get_by_role("dialog", name="holiday.jpg")
    expect(viewer.locator(".pictures > img")).to_be_visible()
    page.keyboard.press("+")
    expect(viewer.get_by_role("button", name="Zoom")).to_have_attribute("aria-pressed", "true")
