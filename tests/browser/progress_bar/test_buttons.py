"""The buttons of a progress bar: cancel and retry."""

from playwright.sync_api import expect

from tests.browser.progress_bar.job_server import ID
from tests.faults.cluster import wait_until


def test_cancel(page, add_bar, server, fired_events):
    bar = add_bar()
    page.get_by_role("button", name="Cancel: Importing").click()
    expect(bar).to_contain_text("Stopping")
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    assert ("POST", f"/api/progress/{ID}/cancel/") in server.requests
    assert server.tokens == ["fresh"]
    server.update(state="cancelled")
    expect(bar).to_contain_text("Cancelled")
    expect(page.get_by_role("button", name="Try again: Importing")).to_be_visible()
    assert fired_events()[-1] == "cancelled"


def test_retry(page, add_bar, server, fired_events):
    server.update(state="failed", error={"code": "x", "message": "It broke."})
    bar = add_bar()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    page.get_by_role("button", name="Try again: Importing").click()
    expect(bar).to_contain_text("Waiting")
    server.update(state="running", percent=10, stage="Reading rows")
    expect(bar).to_contain_text("10 %")
    server.update(state="succeeded", percent=100)
    expect(bar).to_contain_text("Done")
    assert fired_events()[-1] == "succeeded"


def test_failed_button_request_shows_an_error_and_can_be_repeated(page, add_bar, server):
    bar = add_bar()
    expect(bar).to_contain_text("42 %")
    server.status = 502
    page.get_by_role("button", name="Cancel").click()
    expect(bar).to_contain_text("The request failed")
    server.status = 200
    page.get_by_role("button", name="Cancel").click()
    expect(bar).to_contain_text("Stopping")


def test_bar_receives_the_focus_when_its_focused_button_is_hidden(page, add_bar, server):
    bar = add_bar()
    page.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(bar).to_contain_text("Stopping")
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    expect(bar).to_be_focused()


def test_moved_bar_sends_each_action_once_over_one_stream(page, add_bar, server):
    bar = add_bar()
    expect(bar).to_contain_text("42 %")
    for _ in range(2):
        page.evaluate("document.querySelector('main').prepend(document.querySelector('main > progress-bar'))")
    page.get_by_role("button", name="Cancel").click()
    expect(bar).to_contain_text("Stopping")
    assert [request for request in server.requests if request[0] == "POST"] == [("POST", f"/api/progress/{ID}/cancel/")]
    wait_until(lambda: server.open_streams == 1)  # the server detects a disconnect when it sends the next chunk
