"""The table of states. Their screenshots are in test-results/states/ after a test run."""

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.states.accounts import VISITOR
from tests.browser.states.checks import SIZES, TOUCH_WIDTH, WIDEST, assert_stable, check_state, resize

BOTH_LAYOUTS = (TOUCH_WIDTH, WIDEST)
REJECTED_REQUEST = re.compile("Failed to load resource|blocked by CORS policy|^htmx:")
"""Errors in the console of pages that are offline or logged out, or whose requests fail."""

DASHBOARD = "dashboard"
"""The path of the dashboard, which is another site."""


@dataclass(frozen=True)
class State:
    """A state of a page: the account and the path to open, what happens before and after that, and the widths to check.

    The path may contain names of the account's pages in braces; what happens before receives all of them. The page is
    loaded when the awaited element is visible.
    """

    name: str
    account: str
    path: str
    prepare: Callable[[Page], None] | None = None
    before: Callable[[Page, dict[str, str]], None] | None = None
    awaited: str = "main"
    widths: tuple[int, ...] = tuple(SIZES)


STATES = [
    State("landing", VISITOR, "/"),
    State("guide", VISITOR, "/guide/"),
    State("guide architecture", VISITOR, "/guide/architecture/"),
    State("guide tasks", VISITOR, "/guide/tasks/"),
    State("guide cors", VISITOR, "/guide/cors/", widths=BOTH_LAYOUTS),
    State("guide server", VISITOR, "/guide/server/", widths=BOTH_LAYOUTS),
    State("log in", VISITOR, "/accounts/login/"),
    State("sign up", VISITOR, "/accounts/signup/"),
    State("password reset", VISITOR, "/accounts/password_reset/"),
    State("password reset sent", VISITOR, "/accounts/password_reset/done/"),
    State("password reset expired", VISITOR, "/accounts/reset/MQ/expired-link/"),
    State("account deleted", VISITOR, "/accounts/deleted/"),
    State("error 404", VISITOR, "/404.html"),
    State("error 413", VISITOR, "/413.html"),
    State("error 429", VISITOR, "/429.html"),
    State("error 50x", VISITOR, "/50x.html"),
    State("admin log in", VISITOR, "/admin/login/"),
    State("dashboard logged out", VISITOR, DASHBOARD, awaited="#log-in"),
    #
    State("to-dos first run", "new", "/todos/"),
    State("today empty", "new", "/todos/today/"),
    State("upcoming empty", "new", "/todos/upcoming/"),
    State("completed empty", "new", "/todos/completed/"),
    State("files empty", "new", "/uploads/"),
    State("activity empty", "new", "/progress/"),
    State("trash empty", "new", "/trash/"),
    State("trash of files empty", "new", "/trash/?kind=files"),
    State("dashboard empty", "new", DASHBOARD, awaited="due-list"),
    #
    State("to-dos", "ada", "/todos/"),
    State("today", "ada", "/todos/today/"),
    State("upcoming", "ada", "/todos/upcoming/"),
    State("to-do", "ada", "{todo}"),
    State("nothing found", "ada", "/todos/?q=unicorn"),
    State("import", "ada", "/todos/import/"),
    State("import report", "ada", "{imported}"),
    State("export", "ada", "{export}", awaited="text=See the result"),
    State("trash", "ada", "/trash/"),
    State("trash of files", "ada", "/trash/?kind=files"),
    State("trash deletion", "ada", "/trash/delete/?all=true"),
    State("files", "ada", "/uploads/"),
    State("file", "ada", "{file}", awaited=".about"),
    State("file broken", "ada", "{broken}"),
    State("activity", "ada", "/progress/"),
    State("job running", "ada", "{job}"),
    State("job failed", "ada", "{failed}"),
    State("job done", "ada", "{done}"),
    State("settings", "ada", "/accounts/settings/"),
    State("password change", "ada", "/accounts/password_change/"),
    State("components", "ada", "/components/"),
    State("dashboard", "ada", DASHBOARD, awaited="latest-files img"),
    State("admin", "ada", "/admin/"),
    State("admin list", "ada", "/admin/todos/todo/?q=Grace"),
    #
    State("one to-do", "one", "/todos/"),
    State("one file", "one", "/uploads/"),
    State("10,000 to-dos", "many", "/todos/", widths=(TOUCH_WIDTH,)),
    State("1,000 files", "many", "/uploads/", widths=(TOUCH_WIDTH,)),
    State("1,000 jobs", "many", "/progress/", widths=BOTH_LAYOUTS),
    #
    State("long to-dos", "long", "/todos/"),
    State("long to-do", "long", "{todo}"),
    State("long files", "long", "/uploads/"),
    State("long file", "long", "{file}"),
    State("long activity", "long", "/progress/"),
    State("long job", "long", "{job}"),
    State("long trash", "long", "/trash/"),
    State("long trash of files", "long", "/trash/?kind=files"),
    State("long settings", "long", "/accounts/settings/"),
    State("long dashboard", "long", DASHBOARD, awaited="latest-files img"),
    #
    State("over quota settings", "full", "/accounts/settings/"),
]


def state(account: str, path: str, widths: tuple[int, ...] = BOTH_LAYOUTS, **options):
    """Add a state to the table, which the decorated function reaches on the loaded page."""

    def add(prepare: Callable[[Page], None]) -> Callable[[Page], None]:
        STATES.append(State(prepare.__name__.replace("_", " "), account, path, prepare, widths=widths, **options))
        return prepare

    return add


@state(VISITOR, "/accounts/login/")
def log_in_failed(page: Page) -> None:
    page.get_by_label("Username").fill("nobody")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_text("Incorrect username or password")).to_be_visible()


@state(VISITOR, "/accounts/signup/")
def sign_up_failed(page: Page) -> None:
    page.get_by_label("Username").fill("states-ada")
    page.get_by_label("Password", exact=True).fill("1234")
    page.get_by_label("Password confirmation").fill("4321")
    page.get_by_role("button", name="Sign up").click()
    expect(page.locator(".errorlist").first).to_be_visible()


@state("ada", "/todos/")
def account_menu(page: Page) -> None:
    page.locator(".account-menu summary").click()
    expect(page.get_by_role("link", name="Settings")).to_be_visible()


@state("ada", "/todos/")
def list_menu(page: Page) -> None:
    page.locator(".list-menu summary").click()
    expect(page.get_by_role("link", name="Trash")).to_be_visible()


@state("ada", "/todos/")
def due_menu(page: Page) -> None:
    page.get_by_role("button", name="Due date: Pay the rent").press("Enter")
    expect(page.get_by_role("dialog", name="Due date")).to_be_visible()


@state("ada", "/todos/")
def shortcuts(page: Page) -> None:
    page.locator(".new-todo").blur()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


@state("ada", "/todos/", widths=(WIDEST,))
def side_panel(page: Page) -> None:
    page.get_by_role("link", name="Edit Find a present for Mira").press("Enter")
    expect(page.get_by_role("dialog", name="To-do").get_by_label("Title")).to_be_focused()


@state("ada", "/todos/")
def quick_add(page: Page) -> None:
    page.locator(".new-todo").fill("Call mum tomorrow")
    expect(page.locator("#previewed-date")).to_contain_text("Due")


@state("ada", "/todos/")
def editing(page: Page) -> None:
    page.locator("label", has_text="Pay the rent").dblclick()
    expect(page.locator(".editing .edit")).to_be_focused()


@state("full", "/todos/", widths=(WIDEST, TOUCH_WIDTH))
def undo(page: Page) -> None:
    page.locator(".new-todo").fill("Buy milk")
    page.locator(".new-todo").press("Enter")
    page.get_by_role("button", name="Delete Buy milk").press("Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()


@state("ada", "/todos/")
def printed_list(page: Page) -> None:
    page.emulate_media(media="print")
    expect(page.locator(".new-todo-form")).to_be_hidden()


@state("ada", "/todos/")
def offline(page: Page) -> None:
    page.context.set_offline(True)
    page.locator(".new-todo").fill("Water the plants")
    page.locator(".new-todo").press("Enter")
    page.get_by_role("checkbox", name="Done: Pay the rent").click()
    expect(page.get_by_role("alert")).to_have_count(2)


@state("ada", "/todos/")
def session_ended(page: Page) -> None:
    page.context.clear_cookies()
    page.locator(".new-todo").fill("Water the plants")
    page.locator(".new-todo").press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()


@state("full", "/todos/")
def slow_add(page: Page) -> None:
    page.route("**/todos/", lambda route: None)
    page.locator(".new-todo").fill("Water the plants")
    page.locator(".new-todo").press("Enter")
    expect(page.locator(".todo-list .pending")).to_have_text("Water the plants")


@state("ada", "/todos/")
def slow_search(page: Page) -> None:
    page.route("**/todos/?q=*", lambda route: None)
    page.get_by_label("Search the list").press_sequentially("rent")
    page.wait_for_function("() => getComputedStyle(document.getElementById('list'), '::before').opacity === '1'")
    expect(page.locator("#list")).to_have_attribute("aria-busy", "true")


@state("ada", "/todos/")
def forced_colours(page: Page) -> None:
    page.emulate_media(forced_colors="active")


@state("ada", "/uploads/")
def files_in_forced_colours(page: Page) -> None:
    page.emulate_media(forced_colors="active")


@state("ada", "/todos/", before=lambda page, _: page.set_extra_http_headers({"X-User": "another-user"}))
def error_403(page: Page) -> None:
    expect(page.get_by_text("Error 403")).to_be_visible()


def crash(page: Page, pages: dict[str, str]) -> None:
    """Respond with the page of an unexpected error. With DEBUG, the site itself would show the traceback."""
    response = {"status": 500, "content_type": "text/html", "body": pages["error 500"]}
    page.route("**/accounts/login/", lambda route: route.fulfill(**response))


@state(VISITOR, "/accounts/login/", before=crash)
def error_500(page: Page) -> None:
    expect(page.get_by_text("Error 500 · Request")).to_be_visible()


def accept_uploads(page: Page) -> None:
    """Respond as the site does to new uploads, but create none, which would stay unfinished."""
    created = {"Location": "/api/tus/00000000-0000-0000-0000-000000000000", "Tus-Resumable": "1.0.0"}

    def respond(route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=201, headers=created)
        else:
            route.continue_()

    page.route("**/api/tus", respond)


def send(page: Page, name: str, size: int = 1_000_000) -> None:
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": b"0" * size}
    page.locator("#id_file").set_input_files(file)


@state("ada", "/uploads/")
def files_sending_slowly(page: Page) -> None:
    accept_uploads(page)
    page.route("**/api/tus/*", lambda route: None)
    send(page, "Video of the hike.mp4")
    expect(page.locator("#rows .bar-stage")).to_contain_text("Uploading")


@state("ada", "/uploads/")
def files_partly_failed(page: Page) -> None:
    accept_uploads(page)
    full = {"status": 507, "detail": "The disk of this site is full."}
    page.route("**/api/tus/*", lambda route: route.fulfill(status=507, json=full))
    send(page, "Video of the hike.mp4")
    expect(page.locator("#rows")).to_contain_text("The disk of this site is full.")


@state("ada", "/uploads/")
def files_offline(page: Page) -> None:
    page.context.set_offline(True)
    send(page, "Video of the hike.mp4")
    expect(page.locator("#rows")).to_contain_text("No connection")


@state("ada", "/uploads/")
def files_session_ended(page: Page) -> None:
    page.context.clear_cookies()
    send(page, "Video of the hike.mp4")
    expect(page.locator("#rows .row-login")).to_be_visible()


@state("full", "/uploads/")
def over_quota(page: Page) -> None:
    send(page, "Video of the hike.mp4")
    expect(page.locator("#rows")).to_contain_text("left")


def fail(route: Route) -> None:
    headers = {
        "Access-Control-Allow-Origin": route.request.headers["origin"],
        "Access-Control-Allow-Credentials": "true",
    }
    route.fulfill(status=500, headers=headers, json={"status": 500, "detail": "The files can't be listed."})


@state("ada", DASHBOARD, before=lambda page, _: page.route("**/api/**", lambda route: None))
def dashboard_loading(page: Page) -> None:
    expect(page.locator(".skeleton").first).to_have_css("opacity", "1")


@state("ada", DASHBOARD, before=lambda page, _: page.route("**/api/uploads/", fail))
def dashboard_partly_failed(page: Page) -> None:
    expect(page.locator("due-list li").first).to_be_visible()
    expect(page.get_by_text("The files can't be listed.")).to_be_visible()


@state("ada", DASHBOARD)
def dashboard_offline(page: Page) -> None:
    expect(page.locator("due-list li").first).to_be_visible()
    expect(page.locator(".skeleton").first).to_be_hidden()
    page.route("**/api/**", lambda route: route.abort())
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(page.locator(".notice", has_text="doesn't respond")).to_be_visible()


@pytest.mark.parametrize(
    "state",
    [
        pytest.param(state, id=state.name, marks=pytest.mark.xdist_group(f"states of {state.account}"))
        for state in STATES
    ],
)
def test_state(state, contexts, accounts, sqlite_site):
    context = contexts(state.account)
    cookies = context.cookies()
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    try:
        resize(page, state.widths[0])
        if state.before:
            state.before(page, accounts[state.account])
        path = state.path.format_map(accounts[state.account])
        response = page.goto(sqlite_site.dashboard_url if path == DASHBOARD else sqlite_site.url + path)
        assert response.ok or state.name.startswith("error")
        page.locator(state.awaited).first.wait_for()
        assert_stable(page)
        if state.prepare:
            state.prepare(page)
        check_state(page, state.name, state.widths)
        assert [error for error in errors if not REJECTED_REQUEST.search(error)] == []
    finally:
        page.close()  # while it is still offline or logged out, so that it changes nothing that other states show
        context.set_offline(False)
        context.add_cookies(cookies)
