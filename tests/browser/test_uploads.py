"""Files on their way, through whatever the network, the server, the session, other tabs and people do to them."""

import hashlib
import os
from contextlib import ExitStack, closing
from copy import copy
from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import nginx
from tests.browser.conftest import PASSWORD, TIMEOUT_MS, sign_up_on_page
from tests.browser.site import Site, running_site
from tests.browser.uploading import (
    LABEL,
    SLOW,
    SLOWER,
    Line,
    assert_kept_unchanged,
    choose,
    drop,
    expect_cards,
    expect_under_way,
    make_file,
    open_uploads,
    requests,
    row,
    send_a_part,
)
from tests.faults.cluster import wait_until

MAY_BE_LEFT = "() => dispatchEvent(new Event('beforeunload', {cancelable: true}))"
"""Nobody would be asked whether they really want to: all files are kept, and go on by themselves."""


@pytest.fixture(scope="module")
def narrow_site(tmp_path_factory):
    """One that takes little, and that its tests may stop."""
    site = Site(tmp_path_factory.mktemp("narrow"), MAX_UPLOAD_BYTES="4000000", USER_QUOTA_BYTES="6000000")
    try:
        site.start()
        yield site
    finally:
        site.stop()


@pytest.fixture
def line(page):
    return Line(page)


@pytest.fixture
def another_device(browser, sqlite_site):
    """Log in with another browser, and go to the uploads."""
    context = browser.new_context()

    def log_in(name: str) -> Page:
        page = context.new_page()
        page.goto(f"{sqlite_site.url}/accounts/login/?next=/uploads/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        return page

    yield log_in
    context.close()


@pytest.mark.usefixtures("no_errors")
def test_one_bar_shows_all_of_it_and_no_more_than_is_acknowledged(page, line, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "one-bar")
    path = make_file(tmp_path)
    line.throttle(SLOW)
    choose(page, path)
    expect_under_way(page, "data.bin")
    expect(row(page, "data.bin")).to_contain_text("Sending")
    expect(row(page, "data.bin")).to_contain_text(" of 1 MB · ")
    expect_cards(page, "data.bin")
    assert_kept_unchanged(page, sqlite_site, path)

    drawn = page.evaluate("window.drawn")
    values = [step["value"] for step in drawn]
    assert values == sorted(values)
    assert values[-1] == 100
    assert 100 not in values[:-1]
    assert len([value for value in values if 0 < value < 50]) >= 1
    assert all(min(step["value"], 50) <= 50 * step["acknowledged"] / 1_000_000 for step in drawn)


@pytest.mark.usefixtures("no_errors")
def test_twenty_files_at_once_and_a_reload_in_the_middle(page, line, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "twenty")
    paths = [make_file(tmp_path, f"{number}.bin", 200_000) for number in range(20)]
    line.throttle(SLOW)
    choose(page, *paths)
    expect(page.get_by_text("Waiting for other files")).not_to_have_count(0)
    expect(page.locator(".card")).not_to_have_count(0)
    assert page.locator("#rows .row").count() >= 10
    expect(page.locator("#rows .bar-stage").get_by_text("Sending")).not_to_have_count(0)
    assert page.locator("#rows .bar-stage").get_by_text("Sending").count() <= 3
    page.wait_for_function(MAY_BE_LEFT)
    page.reload()
    line.throttle()
    expect(page.get_by_text("Choose the same file")).to_have_count(0)
    expect_cards(page, *(path.name for path in paths))
    assert_kept_unchanged(page, sqlite_site, *paths)


def test_a_lost_network(page, line, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "offline")
    path = make_file(tmp_path)
    send_a_part(page, line, path)
    line.throttle(offline=True)
    expect(row(page, "data.bin")).to_contain_text("No connection. Continues automatically")
    line.throttle()
    expect_cards(page, "data.bin")
    assert_kept_unchanged(page, sqlite_site, path)
    values = [step["value"] for step in page.evaluate("window.drawn")]
    assert values == sorted(values)


@pytest.mark.xdist_group("narrow")
def test_the_server_is_restarted_in_the_middle(page, line, narrow_site, tmp_path):
    open_uploads(page, narrow_site, "restart")
    paths = [make_file(tmp_path, f"{number}.bin") for number in range(3)]
    send_a_part(page, line, *paths)
    narrow_site.stop()
    expect(row(page, "1.bin")).to_contain_text("No connection. Continues automatically")
    line.throttle()
    narrow_site.start()
    expect_cards(page, *(path.name for path in paths))
    assert_kept_unchanged(page, narrow_site, *paths)


def test_pause_resume_and_cancel(page, line, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "pause")
    path, other = make_file(tmp_path), make_file(tmp_path, "other.bin")
    send_a_part(page, line, path, other)
    page.get_by_role("button", name="Pause: data.bin").focus()
    page.keyboard.press("Enter")
    expect(row(page, "data.bin")).to_contain_text("Paused")
    expect(page.get_by_role("button", name="Resume: data.bin")).to_be_focused()
    page.get_by_role("button", name="Cancel: other.bin").click()
    expect(row(page, "other.bin")).to_have_count(0)
    expect(page.get_by_role("status").get_by_text("data.bin: Paused")).to_have_count(1)
    line.throttle()
    page.keyboard.press("Enter")
    expect_cards(page, "data.bin")
    expect(page.get_by_role("link", name="data.bin").last).to_be_focused()
    assert len(requests(page, "DELETE")) == 1
    assert_kept_unchanged(page, sqlite_site, path)


def test_a_refusal_says_why_and_can_be_tried_again(page, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "retry")
    path = make_file(tmp_path)
    full = {"status": 507, "detail": "The disk of this site is full."}
    page.route("**/api/tus/*", lambda route: route.fulfill(status=507, json=full))
    choose(page, path)
    expect(row(page, "data.bin")).to_contain_text("Failed: The disk of this site is full.")
    page.unroute("**/api/tus/*")
    page.get_by_role("button", name="Try again: data.bin").click()
    expect_cards(page, "data.bin")
    assert_kept_unchanged(page, sqlite_site, path)


@pytest.fixture
def behind_proxy(page, sqlite_site, tmp_path_factory):
    """Open the uploads behind a proxy with this limit. Return the proxied site, and the sizes that were refused."""
    with ExitStack() as stack:

        def open_behind(limit: str, name: str):
            directory = tmp_path_factory.mktemp("proxy")
            url = stack.enter_context(nginx.limiting_proxy(directory, sqlite_site.port, limit))
            refused = []
            page.on("response", lambda response: refused.append(response) if response.status == 413 else None)
            proxied = SimpleNamespace(url=url)
            open_uploads(page, proxied, name)
            return proxied, refused

        yield open_behind


def test_piece_that_a_proxy_refuses_is_halved_and_the_limit_remembered(page, tmp_path, behind_proxy):
    site, refused = behind_proxy("1m", "proxied")
    first, second = make_file(tmp_path, "first.bin", 8_000_000), make_file(tmp_path, "second.bin", 6_000_000)
    choose(page, first)
    expect_cards(page, "first.bin")
    assert 1 <= len(refused) <= 3
    refusals = len(refused)
    choose(page, second)
    expect_cards(page, "first.bin", "second.bin")
    assert len(refused) == refusals
    assert_kept_unchanged(page, site, first, second)


def test_proxy_that_refuses_the_smallest_piece_is_named(page, tmp_path, behind_proxy):
    _, refused = behind_proxy("16k", "narrow-proxy")
    choose(page, make_file(tmp_path))
    expect(row(page, "data.bin")).to_contain_text("Failed: A proxy in front of this site rejects even small parts")
    assert len(refused) == 3  # of 128, 64 and 32 KiB
    expect(page.get_by_role("button", name="Try again: data.bin")).to_be_visible()


def clear_cookie(page, name: str) -> None:
    """Clear the cookie with this name, or with this name after the prefix that it has in production."""
    (found,) = (cookie["name"] for cookie in page.context.cookies() if cookie["name"] in (name, f"__Host-{name}"))
    page.context.clear_cookies(name=found)


def test_a_log_in_that_runs_out(page, line, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "expired")
    path = make_file(tmp_path)
    send_a_part(page, line, path)
    clear_cookie(page, "sessionid")
    line.throttle(SLOW)
    expect(row(page, "data.bin")).to_contain_text("You are logged out")
    line.throttle()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Log in, in a new tab").click()
    opened.value.get_by_label("Username").fill("expired")
    opened.value.get_by_label("Password").fill(PASSWORD)
    opened.value.get_by_role("button", name="Log in").click()
    expect_cards(page, "data.bin")
    assert_kept_unchanged(page, sqlite_site, path)


def test_a_token_that_is_too_old_is_renewed(page, line, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "token")
    path = make_file(tmp_path)
    send_a_part(page, line, path)
    clear_cookie(page, "csrftoken")
    line.throttle()
    expect_cards(page, "data.bin")
    assert_kept_unchanged(page, sqlite_site, path)


def test_going_on_from_another_device_with_the_same_file_and_no_other(
    page, line, sqlite_site, tmp_path, another_device
):
    open_uploads(page, sqlite_site, "devices")
    path = make_file(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    changed = tmp_path / "elsewhere" / "data.bin"
    changed.write_bytes(b"changed" + path.read_bytes()[7:])
    send_a_part(page, line, path)
    page.get_by_role("button", name="Pause: data.bin").click()
    expect(row(page, "data.bin")).to_contain_text("Paused")

    other = another_device("devices")
    expect_under_way(other, "data.bin")
    wrong = make_file(tmp_path, "wrong.bin")
    with other.expect_file_chooser() as chooser:
        other.get_by_role("button", name="Choose the same file to continue: data.bin").click()
    chooser.value.set_files(wrong)
    expect(row(other, "data.bin")).to_contain_text("You chose wrong.bin")
    drop(other, path)
    expect_cards(other, "data.bin")
    assert_kept_unchanged(other, sqlite_site, path)
    page.get_by_role("button", name="Resume: data.bin").click()
    expect_cards(page, "data.bin")


@pytest.fixture(scope="module")
def site_of_two_names(tmp_path_factory):
    """Browsers take it for secure by the name localhost, and for plain http by the other."""
    with running_site(tmp_path_factory.mktemp("names"), ALLOWED_HOSTS="localhost,app.example.test") as site:
        yield site


@pytest.fixture(params=["localhost", "app.example.test"])
def uploads_page(request, launch_chromium, site_of_two_names):
    """The page of uploads as a new user sees it: on a secure origin, and over plain http, where browsers offer less."""
    site = copy(site_of_two_names)
    site.url = f"http://{request.param}:{site.port}"
    with closing(launch_chromium("--host-resolver-rules=MAP app.example.test 127.0.0.1")) as browser:
        page = browser.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        sign_up_on_page(page, site, request.param)
        page.goto(f"{site.url}/uploads/")
        assert page.evaluate("isSecureContext") is (request.param == "localhost")
        yield page


@pytest.mark.xdist_group("two names")
def test_file_changed_in_its_middle_is_sent_as_another_upload(uploads_page, tmp_path):
    """The other file has the name, the size, and the first and last bytes of the one whose upload was started."""
    page = uploads_page
    line = Line(page)
    path = make_file(tmp_path, size=2_000_000)
    before = path.read_bytes()
    send_a_part(page, line, path)
    page.get_by_role("button", name="Pause: data.bin").click()
    expect(row(page, "data.bin")).to_contain_text("Paused")
    page.evaluate("indexedDB.deleteDatabase('headway-uploads')")
    line.throttle()
    page.reload()
    expect(row(page, "data.bin")).to_contain_text("Unfinished")

    (unfinished,) = get(page, "/api/tus")
    middle = unfinished["offset"] // 2
    after = before[:middle] + b"changed" + before[middle + 7 :]
    path.write_bytes(after)
    choose(page, path)
    expect(page.locator(".card")).to_have_count(1)
    assert checksums(page) == [hashlib.sha256(after).hexdigest()]
    assert [left["offset"] for left in get(page, "/api/tus")] == [unfinished["offset"]]

    path.write_bytes(before)
    choose(page, path)
    expect(page.locator(".card")).to_have_count(2)
    expect(page.locator("#rows .row")).to_have_count(0)
    assert checksums(page) == [hashlib.sha256(content).hexdigest() for content in (before, after)]
    assert get(page, "/api/tus") == []


def get(page: Page, path: str) -> list:
    return page.evaluate("path => fetch(path).then((answer) => answer.json())", path)


def checksums(page: Page) -> list[str]:
    """Of all that is kept and processed, the newest first."""
    expect(page.locator(".card progress-bar")).to_have_count(0)
    return [upload["sha256"] for upload in get(page, "/api/uploads/")]


def test_resuming_on_the_same_device_names_no_other(page, line, sqlite_site, tmp_path):
    """The server still receives what the paused request has sent, so the first offset that it names is soon stale."""
    open_uploads(page, sqlite_site, "resuming")
    page.add_init_script(RECORD_STAGES)
    page.reload()
    path = make_file(tmp_path, size=3_000_000)
    send_a_part(page, line, path)
    for _ in range(3):
        page.get_by_role("button", name="Pause: data.bin").click()
        page.get_by_role("button", name="Resume: data.bin").click()
    page.reload()
    line.throttle()
    expect_cards(page, "data.bin")
    assert_kept_unchanged(page, sqlite_site, path)
    assert "another device" not in page.evaluate("sessionStorage.stages")


RECORD_STAGES = """
new MutationObserver(() => {
  for (const stage of document.querySelectorAll(".row .bar-stage")) sessionStorage.stages += `|${stage.textContent}`;
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


def test_another_device_is_named_while_it_is_sending(page, line, sqlite_site, tmp_path, another_device):
    open_uploads(page, sqlite_site, "following")
    path = make_file(tmp_path)
    send_a_part(page, line, path)
    other = another_device("following")
    expect(row(other, "data.bin")).to_contain_text("Being sent from another device")
    page.get_by_role("button", name="Pause: data.bin").click()
    expect(row(other, "data.bin")).to_contain_text("Unfinished")
    other.reload()
    page.get_by_role("button", name="Resume: data.bin").click()
    line.throttle()
    expect_cards(page, "data.bin")


def test_a_file_that_another_device_finishes_while_the_page_is_loaded(
    page, line, sqlite_site, tmp_path, another_device
):
    """The page has listed it as unfinished, and its script is told that it isn't."""
    open_uploads(page, sqlite_site, "ending")
    path = make_file(tmp_path)
    send_a_part(page, line, path)
    other = another_device("ending")

    def finish(route):
        expect(other.get_by_role("button", name="Discard data.bin")).to_have_count(1)
        line.throttle()
        expect_cards(page, "data.bin")
        route.continue_()

    other.route("**/api/tus", finish)
    other.reload()
    expect_cards(other, "data.bin")
    expect(other.get_by_role("heading", name="Unfinished")).to_have_count(0)


def test_two_devices_that_send_the_same_file_do_not_spoil_it(page, line, sqlite_site, tmp_path, another_device):
    open_uploads(page, sqlite_site, "both")
    path = make_file(tmp_path, size=2_000_000)
    send_a_part(page, line, path)
    other = another_device("both")
    others = Line(other)
    others.throttle(SLOWER)
    choose(other, path)
    expect_one_to_give_way(page, other)
    line.throttle()
    others.throttle()
    expect_cards(other, "data.bin")
    expect_cards(page, "data.bin")
    assert_kept_unchanged(page, sqlite_site, path)


def expect_one_to_give_way(*pages) -> None:
    gives_way = "Being sent from another device"
    wait_until(lambda: any(row(page, "data.bin").get_by_text(gives_way).count() for page in pages))


def test_a_file_that_another_device_has_begun_to_send_and_then_left_goes_on(
    page, line, sqlite_site, tmp_path, another_device
):
    open_uploads(page, sqlite_site, "left")
    path = make_file(tmp_path, size=1_500_000)
    send_a_part(page, line, path)
    other = another_device("left")
    Line(other).throttle(SLOWER)
    choose(other, path)
    expect_one_to_give_way(page, other)
    other.close()
    line.throttle()
    expect_cards(page, "data.bin")
    assert_kept_unchanged(page, sqlite_site, path)


def test_two_tabs_do_not_send_the_same_file(page, line, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "tabs")
    path = make_file(tmp_path)
    send_a_part(page, line, path)
    page.wait_for_function(MAY_BE_LEFT)
    other = page.context.new_page()
    other.goto(page.url)
    expect(row(other, "data.bin")).to_contain_text("Being sent in another tab")
    line.throttle()
    expect_cards(page, "data.bin")
    expect_cards(other, "data.bin")
    assert_kept_unchanged(page, sqlite_site, path)


def test_a_file_that_was_changed_on_the_disk_is_not_sent_on(page, line, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "changed")
    path = make_file(tmp_path)
    send_a_part(page, line, path)
    path.write_bytes(b"another one")
    line.throttle(SLOW)
    expect(row(page, "data.bin")).to_contain_text("can't be read any more")
    make_file(tmp_path)
    line.throttle()
    choose(page, path)
    expect_cards(page, "data.bin")
    assert_kept_unchanged(page, sqlite_site, path)


def test_empty_file_is_sent(page, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "nothing")
    path = make_file(tmp_path, "empty.bin", 0)
    choose(page, path)
    expect_cards(page, "empty.bin")
    assert_kept_unchanged(page, sqlite_site, path)


@pytest.mark.xdist_group("narrow")
def test_what_is_too_large_is_said_before_anything_is_sent(page, narrow_site, tmp_path):
    open_uploads(page, narrow_site, "greedy")
    choose(page, make_file(tmp_path, "huge.bin", 4_000_001))
    expect(row(page, "huge.bin")).to_contain_text("larger than 4 MB, the limit on this server")
    assert requests(page, "POST") == []
    sizes = {"first.bin": 3_500_000, "second.bin": 3_000_000, "third.bin": 2_000_000}
    paths = [make_file(tmp_path, name, size) for name, size in sizes.items()]
    choose(page, *paths)
    expect(row(page, "second.bin")).to_contain_text("it has 3 MB, and 2.5 MB of your quota are left")
    expect(page.locator(".card")).to_have_count(2)
    assert len(requests(page, "POST")) == 2
    for name in ("huge.bin", "second.bin"):
        page.get_by_role("button", name=f"Cancel: {name}").click()
    expect_cards(page, "first.bin", "third.bin")
    page.reload()
    choose(page, paths[1])
    expect(row(page, "second.bin")).to_contain_text("500 kB of your quota are left")
    assert requests(page, "POST") == []


def test_drop_files_and_folders(page, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "drop")
    (tmp_path / "folder" / "inner").mkdir(parents=True)
    paths = [make_file(tmp_path, name, 10_000) for name in ("a.bin", "folder/b.bin", "folder/inner/c.bin")]
    drop(page, tmp_path / "a.bin", tmp_path / "folder")
    expect(page.locator("html")).not_to_have_class("dragging")
    expect_cards(page, "a.bin", "b.bin", "c.bin")
    assert_kept_unchanged(page, sqlite_site, *paths)


def test_paste(page, sqlite_site):
    open_uploads(page, sqlite_site, "paste")
    page.evaluate(
        """() => {
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File(["pasted"], "note.txt", { type: "text/plain" }));
            const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
            document.body.dispatchEvent(event);
        }"""
    )
    expect_cards(page, "note.txt")


def test_a_reload_that_would_lose_a_file_is_asked_about(page, line, sqlite_site, tmp_path):
    page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
    open_uploads(page, sqlite_site, "unkept")
    path = make_file(tmp_path)
    send_a_part(page, line, path)
    asked = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.reload()
    line.throttle()
    assert asked == ["beforeunload"]
    expect(page.get_by_role("button", name="Choose the same file to continue: data.bin")).to_be_visible()
    choose(page, path)
    expect_cards(page, "data.bin")
    assert_kept_unchanged(page, sqlite_site, path)


@pytest.mark.parametrize(("scheme", "width"), [("dark", 320), ("light", 1280)])
def test_rows_in_all_states_are_accessible(page, line, sqlite_site, tmp_path, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 900})
    open_uploads(page, sqlite_site, f"rows-{scheme}-{width}")
    line.throttle(5_000)
    paths = [make_file(tmp_path, f"{'unbreakable' * 9}{number}.bin", 100_000 * number) for number in range(6)]
    os.truncate(paths[0], 2 * 10**9)
    choose(page, *paths)
    stages = page.locator("#rows .bar-stage")
    expect(stages.get_by_text("Sending")).to_have_count(3)
    page.get_by_role("button", name="Pause").last.click()
    expect(stages.get_by_text("Paused")).to_have_count(1)
    expect(stages.get_by_text("Failed: This file is larger than")).to_have_count(1)
    buttons = page.locator("#rows button:visible")
    assert sorted(buttons.all_inner_texts()) == ["Cancel"] * 6 + ["Pause"] * 4 + ["Resume"]
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=f"{folder}/rows-{scheme}-{width}.png", full_page=True)
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_label(LABEL)).to_be_visible()
