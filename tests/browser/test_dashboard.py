"""The dashboard and the guide: pages of one origin that live from the API of another, with the visitor's cookies."""

import json

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD, sign_up
from tests.browser.site import Site
from tests.browser.uploading import assert_kept_unchanged, drop, make_file


def open_dashboard(page: Page, site: Site, name: str) -> None:
    sign_up(page, site, name)
    page.goto(site.dashboard_url)
    expect(page.get_by_text(f"Logged in as {name}.")).to_be_visible()


def come_back(page: Page) -> None:
    """As when the reader comes back from another window."""
    page.evaluate("dispatchEvent(new Event('focus'))")


def call(page: Page, site: Site, method: str, path: str, **how):
    """What another page of the same browser does."""
    http = page.context.request
    token = http.get(f"{site.url}/api/session/").json()["csrf_token"]
    answer = http.fetch(f"{site.url}/api{path}", method=method, headers={"X-CSRFToken": token}, **how)
    assert answer.ok, answer.text()
    return answer


def log_in_elsewhere(page: Page, site: Site, name: str) -> None:
    call(page, site, "POST", "/session/", data={"username": name, "password": PASSWORD})


def test_one_log_in_holds_for_both_sites(page, sqlite_site):
    sign_up(page, sqlite_site, "both")
    page.get_by_role("button", name="Log out").click()
    page.goto(sqlite_site.dashboard_url)
    expect(page.get_by_text("You are not logged in.")).to_be_visible()
    page.get_by_label("Username").fill("both")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("No user has this name and password.")).to_be_visible()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Logged in as both.")).to_be_visible()
    expect(page.get_by_label("What is to be done?")).to_be_focused()

    page.goto(f"{sqlite_site.url}/todos/")
    expect(page.get_by_role("link", name="both")).to_be_visible()

    page.goto(sqlite_site.dashboard_url)
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_text("You are not logged in.")).to_be_visible()
    page.goto(f"{sqlite_site.url}/todos/")
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


@pytest.mark.usefixtures("no_errors")
def test_what_is_done_here_is_done_there(page, sqlite_site, tmp_path, holiday):
    open_dashboard(page, sqlite_site, "doer")
    due = page.locator("due-list")
    for title, date in (("Print the photos", ""), ("Pay rent", "2020-01-31")):
        due.get_by_label("What is to be done?").fill(title)
        due.get_by_label("Due").fill(date)
        page.keyboard.press("Enter")
        expect(due.get_by_label(title)).to_be_visible()
    assert due.locator("li").first.inner_text().split("\n") == ["Pay rent", "Overdue since 31 Jan 2020"]
    due.get_by_label("Pay rent").check()
    expect(due.locator(".completed")).to_have_text(["Pay rentOverdue since 31 Jan 2020"])
    due.get_by_label("Print the photos").check()
    expect(due.locator(".completed")).to_have_count(2)
    due.get_by_label("Print the photos").uncheck()
    expect(due.locator(".completed")).to_have_count(1)
    kept = call(page, sqlite_site, "GET", "/todos/").json()
    assert {todo["title"]: todo["completed"] for todo in kept} == {"Print the photos": False, "Pay rent": True}

    data = make_file(tmp_path)
    drop(page, holiday, data)
    bar = page.locator("file-sender").get_by_role("progressbar", name="holiday.jpg")
    expect(bar).to_be_visible()
    expect(page.locator("file-sender .row")).to_have_count(0)
    picture = page.locator("latest-files").get_by_role("img", name="holiday.jpg")
    expect(picture).to_be_visible()
    page.wait_for_function("() => document.querySelector('latest-files img').naturalWidth > 0")
    assert_kept_unchanged(page, sqlite_site, holiday, data)


@pytest.mark.usefixtures("no_errors")
def test_what_is_started_elsewhere_shows_here_with_its_bar(page, sqlite_site, holiday):
    open_dashboard(page, sqlite_site, "watcher")
    names = [f"{number}.jpg" for number in range(4)]
    for name in names:
        photo = {"name": name, "mimeType": "image/jpeg", "buffer": holiday.read_bytes()}
        call(page, sqlite_site, "POST", "/uploads/", multipart={"file": photo})
    call(page, sqlite_site, "POST", "/todos/", data={"title": "Added elsewhere"})
    come_back(page)
    expect(page.locator("job-list").get_by_role("progressbar", name="Processing 3.jpg")).to_be_visible()
    expect(page.locator("due-list").get_by_label("Added elsewhere")).to_be_visible()
    expect(page.locator("job-list progress-bar")).to_have_count(0)
    expect(page.locator("latest-files img")).to_have_count(len(names))


def test_a_session_that_has_ended_is_said_and_loses_nothing(page, sqlite_site):
    open_dashboard(page, sqlite_site, "ended")
    page.get_by_label("What is to be done?").fill("Half a thought")
    call(page, sqlite_site, "DELETE", "/session/")
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
    sign_up(page, sqlite_site, "next")
    page.get_by_role("button", name="Log out").click()
    open_dashboard(page, sqlite_site, "first")
    page.get_by_label("What is to be done?").fill("A secret")
    page.keyboard.press("Enter")
    expect(page.locator("due-list").get_by_label("A secret")).to_be_visible()
    log_in_elsewhere(page, sqlite_site, "next")
    come_back(page)
    expect(page.get_by_text("Logged in as next.")).to_be_visible()
    assert page.get_by_label("A secret").count() == 0


def test_an_api_that_is_away_is_said_and_comes_back_by_itself(page, sqlite_site):
    open_dashboard(page, sqlite_site, "away")
    page.route(f"{sqlite_site.url}/**", lambda route: route.abort("connectionrefused"))
    page.get_by_label("What is to be done?").fill("Wait")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The site can't be reached.")).to_be_visible()
    expect(page.get_by_text("There was no answer, so this may not be saved.")).to_be_visible()
    expect(page.get_by_label("What is to be done?")).to_have_value("Wait")
    page.unroute(f"{sqlite_site.url}/**")
    expect(page.get_by_text("Logged in as away.")).to_be_visible()
    expect(page.get_by_role("button", name="Try now")).to_be_hidden()


def test_an_origin_that_is_not_allowed_is_told_so(page, sqlite_site):
    other = f"http://127.0.0.1:{sqlite_site.dash_port}"
    page.goto(other)
    expect(page.get_by_text("This page may not use the API.")).to_be_visible()
    expect(page.get_by_text(f"{other} is not one of its FRONTEND_ORIGINS")).to_be_visible()
    page.get_by_role("link", name="Use the site itself").click()
    page.wait_for_url(f"{sqlite_site.url}/accounts/login/**")


def test_the_guide_leads_from_a_blank_page_to_working_calls(page, sqlite_site):
    sign_up(page, sqlite_site, "guided")
    page.get_by_role("button", name="Log out").click()
    page.goto(f"{sqlite_site.dashboard_url}/guide/")
    snippets = page.locator("code.language-js").all_inner_texts()
    element = page.locator("code.language-html").inner_text()
    log_in = next(number for number, code in enumerate(snippets) if "function logIn" in code)
    snippets.insert(log_in + 1, f'await logIn("guided", {json.dumps(PASSWORD)});')

    blank = sqlite_site.state_dir / "public" / "blank.html"
    blank.write_text("<!doctype html>")
    page.goto(f"{sqlite_site.dashboard_url}/blank.html")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "log" else None)
    with page.expect_console_message(lambda message: message.text.endswith("succeeded 100")):
        page.evaluate("async () => {" + "\n".join(snippets) + "}")
    assert said[0] == "Nobody is logged in"
    assert "422 Write down what is to be done." in said

    log_in_elsewhere(page, sqlite_site, "guided")
    (todo,) = call(page, sqlite_site, "GET", "/todos/").json()
    assert (todo["title"], todo["completed"], todo["due_on"]) == ("Water the plants", True, "2030-01-31")
    (upload,) = call(page, sqlite_site, "GET", "/uploads/").json()
    assert (upload["name"], upload["size"]) == ("hello.txt", 5)

    blank.write_text(f"<!doctype html>{element}".replace("…", upload["job"]["id"]))
    page.reload()
    expect(page.locator("progress-bar")).to_have_attribute("state", "succeeded")
