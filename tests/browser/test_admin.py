"""The admin: its live list of jobs, right-to-left titles, and the width of its lists."""

from base64 import b64encode

import pytest
from playwright.sync_api import Page, expect

from tests.browser.accessibility import assert_accessible
from tests.browser.conftest import PASSWORD, log_in
from tests.browser.site import Site


def log_in_as_superuser(page: Page, site: Site, name: str) -> None:
    site.create_superuser(name, PASSWORD)
    page.goto(f"{site.url}/admin/")
    log_in(page, name)
    page.wait_for_url("**/admin/")


def test_list_of_jobs_updates_itself_and_keeps_the_selection(page, sqlite_site, holiday_photo):
    log_in_as_superuser(page, sqlite_site, "boss")
    page.goto(f"{sqlite_site.url}/uploads/")
    page.get_by_label("Drop photos or other files").set_input_files(holiday_photo)
    expect(page.get_by_role("progressbar", name="Processing holiday.jpg")).to_be_visible()
    page.goto(f"{sqlite_site.url}/admin/progress/job/?q=boss")
    rows = page.locator("#result_list tbody tr")
    page.evaluate("window.wasNotReloaded = true")
    rows.first.get_by_role("checkbox").click()
    page.locator("#searchbar").focus()
    expect(rows.first).to_contain_text("done")
    expect(rows.first).to_contain_text("100 %")
    assert page.evaluate("window.wasNotReloaded")
    expect(rows.first.get_by_role("checkbox")).to_be_checked()
    page.locator("#searchbar").fill("")
    page.locator("select[name=action]").select_option("retry")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".messagelist")).to_contain_text("1 had neither failed nor been cancelled.")


SIDE_OF_EXCLAMATION_MARK = """
    (element) => {
        const range = document.createRange();
        const text = element.firstChild;
        const left = (index) => {
            range.setStart(text, index);
            range.setEnd(text, index + 1);
            return range.getBoundingClientRect().left;
        };
        return left(text.length - 1) < left(0) ? "left" : "right";
    }
"""


def test_titles_are_shown_in_the_direction_of_their_script(page, sqlite_site):
    log_in_as_superuser(page, sqlite_site, "reader")
    http = page.context.request
    token = http.get(f"{sqlite_site.url}/api/session/").json()["csrf_token"]
    for title in ("שלום!", "Hello!"):
        assert http.post(f"{sqlite_site.url}/api/todos/", headers={"X-CSRFToken": token}, data={"title": title}).ok
    page.goto(f"{sqlite_site.url}/admin/todos/todo/?q=reader")
    shown = {
        title: page.get_by_role("link", name=title).evaluate(SIDE_OF_EXCLAMATION_MARK) for title in ("שלום!", "Hello!")
    }
    assert shown == {"שלום!": "left", "Hello!": "right"}
    page.get_by_role("link", name="שלום!").click()
    assert page.locator("h2").first.evaluate(SIDE_OF_EXCLAMATION_MARK) == "left"


IS_CUT_OFF = "[...document.querySelectorAll('.results')].some((list) => list.scrollWidth > list.clientWidth)"


def test_lists_fit_at_1280_px(page, sqlite_site):
    page.set_viewport_size({"width": 1280, "height": 800})
    name = "An_unbreakable_name_" * 7
    log_in_as_superuser(page, sqlite_site, name)
    page.goto(f"{sqlite_site.url}/admin/auth/user/?q={name}")
    page.get_by_role("link", name=name, exact=True).click()
    page.get_by_label("First name").fill(name)
    page.get_by_label("Last name").fill(name)
    page.get_by_label("Email").fill(f"{name[:60]}@{name[:60].replace('_', 'x')}.example.org")
    page.get_by_role("button", name="Save", exact=True).click()
    http = page.context.request
    token = http.get(f"{sqlite_site.url}/api/session/").json()["csrf_token"]
    todo = {"title": name, "due_on": "2026-12-24", "completed": True}
    file = {"name": f"{name}.txt", "mimeType": "text/plain", "buffer": b"text"}
    headers = {"X-CSRFToken": token}
    transfer = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": "5000000",
        "Upload-Metadata": f"filename {b64encode(name.encode()).decode()}",
    }
    for path, values in (
        ("todos/", {"data": todo}),
        ("uploads/", {"multipart": {"file": file}}),
        ("tus", {"headers": headers | transfer}),
    ):
        assert http.post(f"{sqlite_site.url}/api/{path}", **{"headers": headers, **values}).ok
    page.goto(f"{sqlite_site.url}/admin/")
    lists = page.locator("#content-main tbody th a").evaluate_all("links => links.map((link) => link.href)")
    assert len(lists) > 5
    for url in lists:
        page.goto(url)
        page.get_by_role("heading", level=1).first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280, url
        assert not page.evaluate(IS_CUT_OFF), url


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_have_enough_contrast(page, sqlite_site, theme):
    log_in_as_superuser(page, sqlite_site, f"painter-{theme}")
    page.evaluate("theme => localStorage.setItem('theme', theme)", theme)
    for path in ("/admin/", "/admin/auth/user/", "/admin/todos/todo/add/"):
        page.goto(sqlite_site.url + path)
        assert_accessible(page, rules=["color-contrast"])
