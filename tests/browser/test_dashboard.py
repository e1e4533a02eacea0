"""The dashboard and the guide: pages of one origin that live from the API of another, with the visitor's cookies."""

import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PASSWORD, run_clock_until
from tests.browser.guide import follow_the_guide
from tests.browser.site import Site
from tests.browser.uploading import assert_kept_unchanged, drop, make_file

SEE_BARS = """
window.seen = [];  // the names of all bars that have ever been in the list of jobs
new MutationObserver(() => {
  for (const bar of document.querySelectorAll("job-list progress")) window.seen.push(bar.ariaLabel);
}).observe(document.querySelector("job-list"), { subtree: true, childList: true, attributes: true });
"""


def call(page: Page, site: Site, method: str, path: str, **how):
    """What another page of the same browser does."""
    http = page.context.request
    token = http.get(f"{site.url}/api/session/", max_retries=2).json()["csrf_token"]
    answer = http.fetch(f"{site.url}{path}", method=method, headers={"X-CSRFToken": token}, **how)
    assert answer.ok, answer.text()
    return answer


def have_account(page: Page, site: Site, name: str) -> None:
    """Signed up and logged in, which is quicker without a page."""
    page.context.clear_cookies()
    form = {"username": name, "password1": PASSWORD, "password2": PASSWORD}
    assert call(page, site, "POST", "/accounts/signup/", form=form).url == f"{site.url}/todos/"


def log_in_elsewhere(page: Page, site: Site, name: str) -> None:
    call(page, site, "POST", "/api/session/", data={"username": name, "password": PASSWORD})


def open_dashboard(page: Page, site: Site, name: str) -> None:
    have_account(page, site, name)
    page.goto(site.dashboard_url)
    expect(page.get_by_text(f"Logged in as {name}.")).to_be_visible()


def come_back(page: Page) -> None:
    """As when the reader comes back from another window."""
    page.evaluate("dispatchEvent(new Event('focus'))")


def add(page: Page, title: str, date: str = "") -> None:
    page.get_by_label("What is to be done?").fill(title)
    page.get_by_label("Due").fill(date)
    page.keyboard.press("Enter")


def refuse(route: Route, status: int, detail: str) -> None:
    """As the API does it."""
    headers = {
        "Access-Control-Allow-Origin": route.request.headers["origin"],
        "Access-Control-Allow-Credentials": "true",
    }
    problem = json.dumps({"status": status, "detail": detail})
    route.fulfill(status=status, content_type="application/problem+json", headers=headers, body=problem)


def meet(page: Page, method: str, do: Callable[[Route], None]) -> None:
    """Do that when the page sends its next request of this kind, before the API gets it."""
    met: list[Route] = []

    def handle(route: Route) -> None:
        if met or route.request.method != method:
            return route.continue_()
        met.append(route)
        return do(route)

    page.route("**/api/todos/**", handle)


def test_one_log_in_holds_for_both_sites(page, sqlite_site):
    have_account(page, sqlite_site, "one-session")
    page.context.clear_cookies()
    page.goto(sqlite_site.dashboard_url)
    expect(page.get_by_text("You are not logged in.")).to_be_visible()
    page.get_by_label("Username").fill("one-session")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Incorrect username or password.")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Logged in as one-session.")).to_be_visible()
    expect(page.get_by_label("What is to be done?")).to_be_focused()

    page.goto(f"{sqlite_site.url}/todos/")
    expect(page.get_by_role("link", name="one-session")).to_be_visible()

    page.goto(sqlite_site.dashboard_url)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are not logged in.")).to_be_visible()
    page.goto(f"{sqlite_site.url}/todos/")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_todos_are_polled_behind_a_proxy_that_buffers_streams(page, sqlite_site):
    page.clock.install()
    page.route(re.compile(r"/api/todos/stream/(?!.*once)"), lambda route: None)
    open_dashboard(page, sqlite_site, "buffered")
    shown = page.locator("due-list li")
    for number in (1, 2):
        call(page, sqlite_site, "POST", "/api/todos/", data={"title": f"Letter {number}", "due_on": "2030-01-31"})
        run_clock_until(page, lambda number=number: shown.count() == number)
        expect(shown).to_have_count(number)


@pytest.mark.usefixtures("no_errors")
def test_what_is_done_here_is_done_there(page, sqlite_site, tmp_path, holiday_photo):
    open_dashboard(page, sqlite_site, "doer")
    due = page.locator("due-list")
    for title, date in (("Print the photos", ""), ("Pay rent", "2020-01-31")):
        add(page, title, date)
        expect(due.get_by_label(title)).to_be_visible()
    assert due.locator("li").first.inner_text().split("\n") == ["Pay rent", "Overdue since 31 Jan 2020"]
    due.get_by_label("Pay rent").click()
    expect(due.locator(".completed")).to_have_text(["Pay rent31 Jan 2020"])
    due.get_by_label("Print the photos").click()
    expect(due.locator(".completed")).to_have_count(2)
    due.get_by_label("Print the photos").click()
    expect(due.locator(".completed")).to_have_count(1)
    expect(due.locator(".news")).to_have_text("Not done: Print the photos")
    kept = call(page, sqlite_site, "GET", "/api/todos/").json()
    assert {todo["title"]: todo["completed"] for todo in kept} == {"Print the photos": False, "Pay rent": True}

    data = make_file(tmp_path)
    drop(page, holiday_photo, data)
    bar = page.locator("file-sender").get_by_role("progressbar", name="holiday.jpg")
    expect(bar).to_be_visible()
    expect(page.locator("file-sender .row")).to_have_count(0)
    picture = page.locator("latest-files").get_by_role("img", name="holiday.jpg")
    expect(picture).to_be_visible()
    page.wait_for_function("() => document.querySelector('latest-files img').naturalWidth > 0")
    assert_kept_unchanged(page, sqlite_site, holiday_photo, data)


@pytest.mark.usefixtures("no_errors")
def test_what_is_started_elsewhere_shows_here_with_its_bar(page, sqlite_site, holiday_photo):
    open_dashboard(page, sqlite_site, "watcher")
    page.evaluate(SEE_BARS)

    def start_a_job_first(route: Route) -> None:
        photo = {"name": "elsewhere.jpg", "mimeType": "image/jpeg", "buffer": holiday_photo.read_bytes()}
        call(page, sqlite_site, "POST", "/api/uploads/", multipart={"file": photo})
        route.continue_()

    page.route("**/api/progress/", start_a_job_first, times=1)
    come_back(page)
    expect(page.locator("latest-files img")).to_have_count(1)  # once its job has ended, which the bar was told
    expect(page.locator("job-list progress-bar")).to_have_count(0)
    assert "Processing elsewhere.jpg" in page.evaluate("window.seen")


def test_to_dos_that_are_changed_elsewhere_are_shown_here_and_no_others_are_asked_for(page, sqlite_site):
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.removeprefix(sqlite_site.url)))
    open_dashboard(page, sqlite_site, "elsewhere")
    due = page.locator("due-list")
    add(page, "Buy milk")
    expect(due.get_by_label("Buy milk")).to_be_visible()
    added = [call(page, sqlite_site, "POST", "/api/todos/", data={"title": title}).json() for title in ("Sow", "Reap")]
    expect(due.locator("li")).to_have_text(["Buy milk", "Sow", "Reap"])
    sow, reap = (f"/api/todos/{todo['id']}/" for todo in added)
    due.get_by_label("Sow").focus()
    call(page, sqlite_site, "PATCH", sow, data={"due_on": "2020-01-31"})
    expect(due.locator("li")).to_have_text(["SowOverdue since 31 Jan 2020", "Buy milk", "Reap"])
    expect(due.get_by_label("Sow")).to_be_focused()
    call(page, sqlite_site, "PATCH", reap, data={"completed": True})
    call(page, sqlite_site, "DELETE", sow)
    expect(due.locator("li")).to_have_text(["Buy milk"])
    expect(due.get_by_label("Buy milk")).to_be_focused()
    assert asked.count("/api/todos/?filter=active") == 1
    call(page, sqlite_site, "DELETE", "/api/todos/")
    expect(due.get_by_text("You have no to-dos.")).to_be_visible()


def test_an_impatient_hand_gets_what_it_wanted_last_and_loses_nothing(page, sqlite_site):
    open_dashboard(page, sqlite_site, "impatient")
    add(page, "Buy milk")
    box, field = page.get_by_label("Buy milk"), page.get_by_label("What is to be done?")
    expect(box).to_be_visible()

    def change_your_mind(route: Route) -> None:
        box.press("Space")
        route.continue_()

    meet(page, "PATCH", change_your_mind)
    box.press("Space")
    expect(page.locator("due-list .news")).to_have_text("Not done: Buy milk")
    expect(box).not_to_be_checked()

    def go_on_typing(route: Route) -> None:
        field.press("Enter")
        field.fill("and eat it")
        refuse(route, 429, "That was too often.")

    meet(page, "POST", go_on_typing)
    add(page, "Bake bread")
    expect(page.get_by_text("That was too often.")).to_be_visible()
    expect(field).to_have_value("Bake bread and eat it")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_label("Bake bread and eat it")).to_be_visible()
    kept = call(page, sqlite_site, "GET", "/api/todos/?filter=active").json()
    assert [todo["title"] for todo in kept] == ["Buy milk", "Bake bread and eat it"]


def test_a_session_that_has_ended_is_said_and_loses_nothing(page, sqlite_site):
    open_dashboard(page, sqlite_site, "ended")
    page.get_by_label("What is to be done?").fill("Half a thought")
    call(page, sqlite_site, "DELETE", "/api/session/")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    expect(page.locator("due-list")).to_be_hidden()
    expect(page.get_by_label("Username")).to_be_focused()

    log_in_elsewhere(page, sqlite_site, "ended")
    expect(page.get_by_text("Logged in as ended.")).to_be_visible()  # by itself
    expect(page.get_by_label("What is to be done?")).to_have_value("Half a thought")
    page.get_by_role("button", name="Add").click()
    expect(page.locator("due-list").get_by_label("Half a thought")).to_be_visible()


def test_what_belongs_to_one_user_is_not_shown_to_the_next(page, sqlite_site):
    have_account(page, sqlite_site, "next")
    open_dashboard(page, sqlite_site, "first")
    add(page, "A secret")
    expect(page.locator("due-list").get_by_label("A secret")).to_be_visible()
    log_in_elsewhere(page, sqlite_site, "next")
    come_back(page)
    expect(page.get_by_text("Logged in as next.")).to_be_visible()
    assert page.get_by_label("A secret").count() == 0


def test_an_api_that_is_away_is_said_and_comes_back_by_itself(page, sqlite_site):
    open_dashboard(page, sqlite_site, "away")
    page.route(f"{sqlite_site.url}/**", lambda route: route.abort("connectionrefused"))
    add(page, "Wait")
    expect(page.get_by_text("The site can't be reached.")).to_be_visible()
    expect(page.get_by_text("The server didn't respond, so this may not be saved.")).to_be_visible()
    expect(page.get_by_label("What is to be done?")).to_have_value("Wait")
    page.unroute(f"{sqlite_site.url}/**")
    expect(page.get_by_text("Logged in as away.")).to_be_visible()
    expect(page.get_by_role("button", name="Try now")).to_be_hidden()
    call(page, sqlite_site, "POST", "/api/todos/", data={"title": "It hears again"})
    expect(page.get_by_label("It hears again")).to_be_visible()


def test_a_panel_that_can_not_be_loaded_says_so_and_the_others_go_on(page, sqlite_site):
    have_account(page, sqlite_site, "partly")
    call(page, sqlite_site, "POST", "/api/todos/", data={"title": "Here all the same"})
    page.route("**/api/uploads/", lambda route: refuse(route, 500, "The files are out of order."))
    page.goto(sqlite_site.dashboard_url)
    expect(page.locator("latest-files").get_by_text("The files are out of order.")).to_be_visible()
    expect(page.get_by_text("Logged in as partly.")).to_be_visible()
    expect(page.get_by_label("Here all the same")).to_be_visible()
    page.unroute("**/api/uploads/")
    come_back(page)
    expect(page.get_by_text("No files yet.")).to_be_visible()
    expect(page.get_by_text("The files are out of order.")).to_be_hidden()


def test_an_origin_that_is_not_allowed_is_told_so(page, sqlite_site):
    other = f"http://127.0.0.1:{sqlite_site.dash_port}"
    page.goto(other)
    expect(page.get_by_text("This page isn't allowed to use the API.")).to_be_visible()
    expect(page.get_by_text(f"{other} is not in its FRONTEND_ORIGINS")).to_be_visible()
    page.get_by_role("link", name="Use the site itself").click()
    page.wait_for_url(f"{sqlite_site.url}/accounts/login/**")


def test_the_guide_leads_from_a_blank_page_to_working_calls(page, sqlite_site):
    have_account(page, sqlite_site, "guided")
    page.context.clear_cookies()
    dashboard, mine = sqlite_site.dashboard_url, sqlite_site.state_dir / "public" / "mine.html"
    element = follow_the_guide(page, dashboard, mine, f"{dashboard}/mine.html", "guided")

    log_in_elsewhere(page, sqlite_site, "guided")
    (todo,) = call(page, sqlite_site, "GET", "/api/todos/").json()
    assert (todo["title"], todo["completed"], todo["due_on"]) == ("Water all plants", True, "2030-01-31")
    (upload,) = call(page, sqlite_site, "GET", "/api/uploads/").json()
    assert (upload["name"], upload["size"]) == ("hello.txt", 5)

    mine.write_text(element.replace("…", upload["job"]["id"]))
    page.reload()
    expect(page.locator("progress-bar")).to_have_attribute("state", "succeeded")
