"""Every page: no accessibility violations, no sideways scrolling at 320 px, in light and dark."""

from base64 import b64encode

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, sign_up

WITHOUT_ACCOUNT = [
    *("/", "/nowhere/", "/429.html", "/50x.html"),
    *("/guide/", "/guide/architecture/", "/guide/tasks/", "/guide/cors/", "/guide/server/"),
    *("/accounts/login/", "/accounts/signup/", "/accounts/password_reset/"),
]
WITH_ACCOUNT = ["/todos/", "/todos/import/", "/uploads/", "/accounts/password_change/"]


FOCUS_IS_SEEN = """
document.activeElement === document.body || getComputedStyle(document.activeElement).outlineStyle !== "none"
"""


def assert_accessible(page):
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()


def assert_no_sideways_scrolling(page):
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), page.url


@pytest.mark.parametrize(("scheme", "width"), [("dark", 320), ("light", 1280)])
def test_pages(page, sqlite_site, holiday_photo, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    for path in WITHOUT_ACCOUNT:
        page.goto(sqlite_site.url + path)
        assert_accessible(page)
        assert_no_sideways_scrolling(page)
    page.goto(sqlite_site.dashboard_url)
    expect(page.get_by_text("You are not logged in.")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scrolling(page)

    sign_up(page, sqlite_site, f"look-{scheme}-{width}")
    for title in ("Short", "An_unbreakable_title_" * 20):
        page.get_by_label("What is to be done?").fill(title)
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name=f"Edit {title}")).to_be_visible()
    page.get_by_role("checkbox", name="Done: Short").click()
    page.get_by_role("link", name="Uploads").click()
    page.get_by_label("A photo or any other file").set_input_files(holiday_photo)
    page.locator(".card h2").get_by_role("link", name="holiday.jpg").click()
    page.wait_for_url("**/uploads/*-*/")
    assert_accessible(page)
    assert_no_sideways_scrolling(page)
    expect(page.get_by_role("img", name="holiday.jpg")).to_be_visible()
    for path in [page.url.removeprefix(sqlite_site.url), *WITH_ACCOUNT]:
        page.goto(sqlite_site.url + path)
        assert_accessible(page)
        assert_no_sideways_scrolling(page)
    page.goto(sqlite_site.dashboard_url)
    expect(page.locator("due-list li")).to_have_count(1)
    assert_accessible(page)
    assert_no_sideways_scrolling(page)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert_no_sideways_scrolling(page)


def test_the_keyboard_reaches_everything_and_focus_is_seen(page, sqlite_site):
    sign_up(page, sqlite_site, "keys")
    expect(page.get_by_label("What is to be done?")).to_be_focused()
    page.keyboard.type("Buy milk")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Edit Buy milk")).to_be_visible()
    page.get_by_role("link", name="Skip to content").focus()
    reached = []
    for _ in range(16):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.innerText")
        )
        assert page.evaluate(FOCUS_IS_SEEN), reached[-1]
    for wanted in (
        "To-dos",
        "Uploads",
        "Log out",
        "Move Buy milk",
        "Done: Buy milk",
        "Edit Buy milk",
        "Delete Buy milk",
    ):
        assert any(wanted in name for name in reached), (wanted, reached)


def test_the_admins_list_of_jobs_renews_itself_and_keeps_what_is_selected(page, sqlite_site, holiday_photo):
    sqlite_site.create_superuser("boss", PASSWORD)
    page.goto(f"{sqlite_site.url}/admin/")
    page.get_by_label("Username").fill("boss")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto(f"{sqlite_site.url}/uploads/")
    page.get_by_label("A photo or any other file").set_input_files(holiday_photo)
    expect(page.get_by_role("progressbar", name="Processing holiday.jpg")).to_be_visible()
    page.goto(f"{sqlite_site.url}/admin/progress/job/?q=boss")
    rows = page.locator("#result_list tbody tr")
    page.evaluate("window.same = true")
    rows.first.get_by_role("checkbox").click()
    page.locator("#searchbar").focus()
    expect(rows.first).to_contain_text("done")
    expect(rows.first).to_contain_text("100 %")
    assert page.evaluate("window.same")
    expect(rows.first.get_by_role("checkbox")).to_be_checked()
    page.locator("#searchbar").fill("")
    page.locator("select[name=action]").select_option("retry")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".messagelist")).to_contain_text("1 had neither failed nor been cancelled.")


EXCLAMATION_MARK = """
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


def test_admin_shows_titles_in_the_direction_of_their_script(page, sqlite_site):
    sqlite_site.create_superuser("reader", PASSWORD)
    page.goto(f"{sqlite_site.url}/admin/")
    page.get_by_label("Username").fill("reader")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    http = page.context.request
    token = http.get(f"{sqlite_site.url}/api/session/").json()["csrf_token"]
    for title in ("שלום!", "Hello!"):
        assert http.post(f"{sqlite_site.url}/api/todos/", headers={"X-CSRFToken": token}, data={"title": title}).ok
    page.goto(f"{sqlite_site.url}/admin/todos/todo/?q=reader")
    shown = {title: page.get_by_role("link", name=title).evaluate(EXCLAMATION_MARK) for title in ("שלום!", "Hello!")}
    assert shown == {"שלום!": "left", "Hello!": "right"}
    page.get_by_role("link", name="שלום!").click()
    assert page.locator("h2").first.evaluate(EXCLAMATION_MARK) == "left"


CUT_OFF = "[...document.querySelectorAll('.results')].some((list) => list.scrollWidth > list.clientWidth)"


def test_admin_lists_fit_at_1280_px(page, sqlite_site):
    page.set_viewport_size({"width": 1280, "height": 800})
    sqlite_site.create_superuser("an-administrator-with-a-long-name", PASSWORD)
    http = page.context.request
    page.goto(f"{sqlite_site.url}/admin/")
    page.get_by_label("Username").fill("an-administrator-with-a-long-name")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/admin/")
    token = http.get(f"{sqlite_site.url}/api/session/").json()["csrf_token"]
    name = "An_unbreakable_name_" * 10
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
    lists = page.locator("#content-main tbody th a").evaluate_all("links => links.map((link) => link.href)")
    assert len(lists) > 5
    for url in lists:
        page.goto(url)
        page.get_by_role("heading", level=1).first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280, url
        assert not page.evaluate(CUT_OFF), url
