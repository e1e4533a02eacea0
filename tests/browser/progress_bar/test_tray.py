"""The tray of progress bars, on a page whose jobs are on another origin."""

from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from playwright.sync_api import expect

from tests.browser.progress_bar.conftest import ADD_BARS, PAGE, RECORD_EVENTS
from tests.faults.cluster import wait_until

OTHER_ID = "00000000-0000-0000-0000-00000000000b"
SET_HIDDEN = """hidden => {
    Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def tray(page, sqlite_site, server):
    """Open a page with a tray, and return the tray's panel."""
    fragment = render_to_string("progress/_tray.html").replace('data-jobs="', f'data-jobs="{server.origin}')
    name = f"tray-{uuid4().hex}.html"
    (sqlite_site.state_dir / "public" / name).write_text(PAGE + fragment)
    page.goto(f"{sqlite_site.dashboard_url}/{name}")
    return page.locator("progress-tray section")


def test_tray_lists_jobs_until_all_have_ended(page, tray, server):
    rows, news = tray.locator("li"), page.locator("progress-tray [role=status]")
    server.update(OTHER_ID, label="Exporting", state="queued", percent=None)
    expect(tray.get_by_text("2 jobs in progress")).to_be_visible()
    expect(tray.get_by_role("progressbar", name="All jobs")).to_have_attribute("value", "21")
    expect(rows).to_have_count(2)
    assert server.requests == [("GET", "/api/progress/stream/")]
    server.update(state="succeeded", percent=100)
    expect(tray.get_by_text("1 job in progress")).to_be_visible()
    expect(news).to_be_empty()
    server.update(OTHER_ID, state="succeeded", percent=100)
    expect(news).to_have_text("2 jobs done")
    expect(tray).to_be_hidden()
    expect(rows).to_have_count(0)
    assert server.requests == [("GET", "/api/progress/stream/")]


def test_failed_job_stays_on_the_next_pages_until_it_is_dismissed(page, tray, server):
    news = page.locator("progress-tray [role=status]")
    server.update(OTHER_ID, label="Exporting")
    expect(tray.get_by_text("2 jobs in progress")).to_be_visible()
    server.update(OTHER_ID, state="succeeded", percent=100)
    expect(tray.get_by_text("1 job in progress")).to_be_visible()
    server.update(state="failed", error={"code": "internal", "message": "It broke."})
    expect(news).to_have_text("1 job done, 1 failed")
    page.reload()
    expect(tray.get_by_text("Failed: It broke.")).to_be_visible()
    expect(tray.locator("li")).to_have_count(1)  # the job that succeeded is no longer listed
    expect(news).to_be_empty()
    tray.get_by_role("button", name="Try again: Importing").click()
    expect(tray.get_by_text("1 job in progress")).to_be_visible()
    page.evaluate("document.activeElement.blur()")
    server.update(state="failed", error={"code": "internal", "message": "It broke again."})
    expect(tray.get_by_text("Failed: It broke again.")).to_be_visible()
    tray.get_by_role("button", name="Dismiss: Importing").click()
    expect(tray).to_be_hidden()
    server.requests.clear()
    page.reload()
    wait_until(lambda: server.requests)
    server.update(OTHER_ID, state="running")
    expect(tray.get_by_text("1 job in progress")).to_be_visible()
    assert server.requests == [("GET", "/api/progress/stream/")]


def test_job_that_ends_between_two_pages_is_announced(page, tray, server):
    expect(tray.get_by_text("1 job in progress")).to_be_visible()
    url = page.url
    page.goto("about:blank")
    server.update(state="succeeded", percent=100)
    page.goto(url)
    expect(page.locator("progress-tray [role=status]")).to_have_text("Importing: done")
    expect(tray).to_be_hidden()


def test_job_with_a_bar_in_the_main_content_is_not_listed(page, tray, server):
    expect(tray.locator("li")).to_be_visible()
    page.evaluate(ADD_BARS, [[server.url()], {}])
    expect(page.locator("main progress-bar")).to_contain_text("42 %")
    page.evaluate(RECORD_EVENTS)
    server.update(percent=50)
    expect(page.locator("main progress-bar")).to_contain_text("50 %")
    expect(tray).to_be_hidden()
    assert page.evaluate("window.firedEvents") == ["progress"]
    assert server.count("/stream/") == 1
    server.update(OTHER_ID, label="Exporting")
    expect(tray.get_by_text("1 job in progress")).to_be_visible()


def test_collapsed_tray_stays_collapsed_and_a_hidden_page_has_no_stream(page, tray, server):
    expect(tray.locator("li")).to_be_visible()
    tray.locator("summary").click()
    expect(tray.locator("li")).to_be_hidden()
    page.reload()
    expect(tray.get_by_text("1 job in progress")).to_be_visible()
    expect(tray.locator("li")).to_be_hidden()
    wait_until(lambda: server.open_streams == 1)
    page.evaluate(SET_HIDDEN, True)
    wait_until(lambda: server.open_streams == 0)
    server.update(OTHER_ID, label="Exporting")
    page.evaluate(SET_HIDDEN, False)
    expect(tray.get_by_text("2 jobs in progress")).to_be_visible()


def test_tray_polls_without_a_stream_and_disappears_after_logout(page, tray, server):
    expect(tray.locator("li")).to_be_visible()
    server.headers = {"Retry-After": "3600"}
    server.stream_status = 503
    server.end_streams()
    server.update(OTHER_ID, label="Exporting")
    expect(tray.get_by_text("2 jobs in progress")).to_be_visible()
    server.update(state="succeeded", percent=100)
    expect(tray.get_by_text("1 job in progress")).to_be_visible()
    server.status = 401
    expect(tray).to_be_hidden()
    assert server.is_idle()
