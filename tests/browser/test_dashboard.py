"""The dashboard and the guide: pages that call the API of another origin with the visitor's cookies."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PASSWORD, run_clock_until
from tests.browser.dashboard import call_api, create_account, log_in_by_api, open_dashboard
from tests.browser.guide import run_guide_examples
from tests.browser.uploads.helpers import assert_stored_unchanged, drop, make_file

RECORD_BARS = """
window.bars = [];  // the labels of all bars that the list of jobs has ever had
new MutationObserver(() => {
  for (const bar of document.querySelectorAll("job-list progress")) window.bars.push(bar.ariaLabel);
}).observe(document.querySelector("job-list"), { subtree: true, childList: true, attributes: true });
"""


def focus_window(page: Page) -> None:
    """Dispatch the event that a browser fires when the user returns to the window."""
    page.evaluate("dispatchEvent(new Event('focus'))")


def add(page: Page, title: str, date: str = "") -> None:
    page.get_by_label("What needs to be done?").fill(title)
    page.get_by_label("Due").fill(date)
    page.keyboard.press("Enter")


def reject(route: Route, status: int, detail: str) -> None:
    """Respond with a problem document, as the API does."""
    headers = {
        "Access-Control-Allow-Origin": route.request.headers["origin"],
        "Access-Control-Allow-Credentials": "true",
    }
    problem = json.dumps({"status": status, "detail": detail})
    route.fulfill(status=status, content_type="application/problem+json", headers=headers, body=problem)


def intercept_once(page: Page, method: str, handle: Callable[[Route], None]) -> None:
    """Handle the page's next request to the to-dos with this method, before the API receives it."""
    handled: list[Route] = []

    def on_request(route: Route) -> None:
        if handled or route.request.method != method:
            return route.continue_()
        handled.append(route)
        return handle(route)

    page.route("**/api/todos/**", on_request)


def test_session_is_shared_by_the_dashboard_and_the_site(page, sqlite_site):
    create_account(page, sqlite_site, "one-session")
    page.context.clear_cookies()
    page.goto(sqlite_site.dashboard_url)
    expect(page.get_by_text("You are not logged in.")).to_be_visible()
    page.get_by_label("Username").fill("one-session")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Incorrect username or password.")).to_be_visible()
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Logged in as one-session.")).to_be_visible()
    expect(page.get_by_label("What needs to be done?")).to_be_focused()

    page.goto(f"{sqlite_site.url}/todos/")
    expect(page.locator(".account-menu")).to_contain_text("one-session")

    page.goto(sqlite_site.dashboard_url)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are not logged in.")).to_be_visible()
    page.goto(f"{sqlite_site.url}/todos/")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_todos_are_polled_behind_a_buffering_proxy(page, sqlite_site):
    page.clock.install()
    page.route(re.compile(r"/api/todos/stream/(?!.*once)"), lambda route: None)
    open_dashboard(page, sqlite_site, "buffered")
    shown = page.locator("due-list li")
    for number in (1, 2):
        call_api(page, sqlite_site, "POST", "/api/todos/", data={"title": f"Letter {number}", "due_on": "2030-01-31"})
        run_clock_until(page, lambda number=number: shown.count() == number)
        expect(shown).to_have_count(number)


@pytest.mark.usefixtures("no_errors")
def test_changes_on_the_dashboard_are_saved_by_the_api(page, sqlite_site, tmp_path, holiday_photo):
    open_dashboard(page, sqlite_site, "doer")
    due = page.locator("due-list")
    for title, date in (("Print the photos", ""), ("Pay rent", "2020-01-31")):
        add(page, title, date)
        expect(due.get_by_label(title)).to_be_visible()
    assert due.locator("li").first.inner_text().split("\n") == ["Pay rent", "Overdue: 31 Jan 2020"]
    due.get_by_label("Pay rent").click()
    expect(due.locator(".completed")).to_have_text(["Pay rent31 Jan 2020"])
    due.get_by_label("Print the photos").click()
    expect(due.locator(".completed")).to_have_count(2)
    due.get_by_label("Print the photos").click()
    expect(due.locator(".completed")).to_have_count(1)
    expect(due.locator(".news")).to_have_text("Not done: Print the photos")
    saved = call_api(page, sqlite_site, "GET", "/api/todos/").json()
    assert {todo["title"]: todo["completed"] for todo in saved} == {"Print the photos": False, "Pay rent": True}

    data = make_file(tmp_path)
    drop(page, holiday_photo, data)
    bar = page.locator("file-sender").get_by_role("progressbar", name="holiday.jpg")
    expect(bar).to_be_visible()
    expect(page.locator("file-sender .row")).to_have_count(0)
    picture = page.locator("latest-files").get_by_role("img", name="holiday.jpg")
    expect(picture).to_be_visible()
    page.wait_for_function("() => document.querySelector('latest-files img').naturalWidth > 0")
    assert_stored_unchanged(page, sqlite_site, holiday_photo, data)


@pytest.mark.usefixtures("no_errors")
def test_job_of_another_client_is_shown_with_its_bar(page, sqlite_site, holiday_photo):
    open_dashboard(page, sqlite_site, "watcher")
    page.evaluate(RECORD_BARS)

    def start_job_first(route: Route) -> None:
        photo = {"name": "elsewhere.jpg", "mimeType": "image/jpeg", "buffer": holiday_photo.read_bytes()}
        call_api(page, sqlite_site, "POST", "/api/uploads/", multipart={"file": photo})
        route.continue_()

    page.route("**/api/progress/", start_job_first, times=1)
    focus_window(page)
    expect(page.locator("latest-files img")).to_have_count(1)  # shown when the job has ended
    expect(page.locator("job-list progress-bar")).to_have_count(0)
    assert "Processing elsewhere.jpg" in page.evaluate("window.bars")


def test_todos_changed_by_another_client_are_shown_without_reloading_the_list(page, sqlite_site):
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url.removeprefix(sqlite_site.url)))
    open_dashboard(page, sqlite_site, "elsewhere")
    due = page.locator("due-list")
    add(page, "Buy milk")
    expect(due.get_by_label("Buy milk")).to_be_visible()
    added = [
        call_api(page, sqlite_site, "POST", "/api/todos/", data={"title": title}).json() for title in ("Sow", "Reap")
    ]
    expect(due.locator("li")).to_have_text(["Buy milk", "Sow", "Reap"])
    sow, reap = (f"/api/todos/{todo['id']}/" for todo in added)
    due.get_by_label("Sow").focus()
    call_api(page, sqlite_site, "PATCH", sow, data={"due_on": "2020-01-31"})
    expect(due.locator("li")).to_have_text(["SowOverdue: 31 Jan 2020", "Buy milk", "Reap"])
    expect(due.get_by_label("Sow")).to_be_focused()
    call_api(page, sqlite_site, "PATCH", reap, data={"completed": True})
    call_api(page, sqlite_site, "DELETE", sow)
    expect(due.locator("li")).to_have_text(["Buy milk"])
    expect(due.get_by_label("Buy milk")).to_be_focused()
    assert requested.count("/api/todos/?filter=active") == 1
    call_api(page, sqlite_site, "DELETE", "/api/todos/")
    expect(due.get_by_text("You have no to-dos.")).to_be_visible()


def test_input_during_a_request_is_kept(page, sqlite_site):
    open_dashboard(page, sqlite_site, "impatient")
    add(page, "Buy milk")
    box, field = page.get_by_label("Buy milk"), page.get_by_label("What needs to be done?")
    expect(box).to_be_visible()

    def press_again(route: Route) -> None:
        box.press("Space")
        route.continue_()

    intercept_once(page, "PATCH", press_again)
    box.press("Space")
    expect(page.locator("due-list .news")).to_have_text("Not done: Buy milk")
    expect(box).not_to_be_checked()

    def type_more(route: Route) -> None:
        field.press("Enter")
        field.fill("and eat it")
        reject(route, 429, "That was too often.")

    intercept_once(page, "POST", type_more)
    add(page, "Bake bread")
    expect(page.get_by_text("That was too often.")).to_be_visible()
    expect(field).to_have_value("Bake bread and eat it")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_label("Bake bread and eat it")).to_be_visible()
    saved = call_api(page, sqlite_site, "GET", "/api/todos/?filter=active").json()
    assert [todo["title"] for todo in saved] == ["Buy milk", "Bake bread and eat it"]


def test_ended_session_shows_the_login_form_and_keeps_input(page, sqlite_site):
    open_dashboard(page, sqlite_site, "ended")
    page.get_by_label("What needs to be done?").fill("Half a thought")
    call_api(page, sqlite_site, "DELETE", "/api/session/")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    expect(page.locator("due-list")).to_be_hidden()
    expect(page.get_by_label("Username")).to_be_focused()

    log_in_by_api(page, sqlite_site, "ended")
    expect(page.get_by_text("Logged in as ended.")).to_be_visible()  # without any action
    expect(page.get_by_label("What needs to be done?")).to_have_value("Half a thought")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("due-list").get_by_label("Half a thought")).to_be_visible()


def test_todos_of_the_previous_user_are_not_shown_to_the_next_user(page, sqlite_site):
    create_account(page, sqlite_site, "next")
    open_dashboard(page, sqlite_site, "first")
    add(page, "A secret")
    expect(page.locator("due-list").get_by_label("A secret")).to_be_visible()
    log_in_by_api(page, sqlite_site, "next")
    focus_window(page)
    expect(page.get_by_text("Logged in as next.")).to_be_visible()
    assert page.get_by_label("A secret").count() == 0


def test_unreachable_api_shows_an_error_and_is_retried(page, sqlite_site):
    open_dashboard(page, sqlite_site, "away")
    page.route(f"{sqlite_site.url}/**", lambda route: route.abort("connectionrefused"))
    add(page, "Wait")
    expect(page.get_by_text("The site can't be reached.")).to_be_visible()
    expect(page.get_by_text("The server didn't respond, so your change may not have been saved.")).to_be_visible()
    expect(page.get_by_label("What needs to be done?")).to_have_value("Wait")
    page.unroute(f"{sqlite_site.url}/**")
    expect(page.get_by_text("Logged in as away.")).to_be_visible()
    expect(page.get_by_role("button", name="Try now")).to_be_hidden()
    call_api(page, sqlite_site, "POST", "/api/todos/", data={"title": "Added by another client"})
    expect(page.get_by_label("Added by another client")).to_be_visible()


def test_failed_panel_shows_an_error_while_other_panels_work(page, sqlite_site):
    create_account(page, sqlite_site, "partly")
    call_api(page, sqlite_site, "POST", "/api/todos/", data={"title": "Shown although files fail"})
    page.route("**/api/uploads/", lambda route: reject(route, 500, "The files cannot be listed."))
    page.goto(sqlite_site.dashboard_url)
    expect(page.locator("latest-files").get_by_text("The files cannot be listed.")).to_be_visible()
    expect(page.get_by_text("Logged in as partly.")).to_be_visible()
    expect(page.get_by_label("Shown although files fail")).to_be_visible()
    page.unroute("**/api/uploads/")
    focus_window(page)
    expect(page.get_by_text("No files yet.")).to_be_visible()
    expect(page.get_by_text("The files cannot be listed.")).to_be_hidden()


def test_disallowed_origin_shows_the_setting_to_change(page, sqlite_site):
    other = f"http://127.0.0.1:{sqlite_site.dash_port}"
    page.goto(other)
    expect(page.get_by_text("This page isn't allowed to use the API.")).to_be_visible()
    expect(page.get_by_text(f"{other} is not in its FRONTEND_ORIGINS")).to_be_visible()
    page.get_by_role("link", name="Use the site itself").click()
    page.wait_for_url(f"{sqlite_site.url}/accounts/login/**")


def test_guide_examples_work(page, sqlite_site):
    create_account(page, sqlite_site, "guided")
    page.context.clear_cookies()
    dashboard, page_file = sqlite_site.dashboard_url, sqlite_site.state_dir / "public" / "mine.html"
    progress_page = run_guide_examples(page, dashboard, page_file, f"{dashboard}/mine.html", "guided")

    log_in_by_api(page, sqlite_site, "guided")
    (todo,) = call_api(page, sqlite_site, "GET", "/api/todos/").json()
    assert (todo["title"], todo["completed"], todo["due_on"]) == ("Water all plants", True, "2030-01-31")
    (upload,) = call_api(page, sqlite_site, "GET", "/api/uploads/").json()
    assert (upload["name"], upload["size"]) == ("hello.txt", 5)

    page_file.write_text(progress_page.replace("…", upload["job"]["id"]))
    page.reload()
    expect(page.locator("progress-bar")).to_have_attribute("state", "succeeded")
