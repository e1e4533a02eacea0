"""What a progress bar shows and announces for each state of its job, and the events that it fires."""

import pytest
from playwright.sync_api import expect

from progress.models import Job
from tests.browser.progress_bar.job_server import ID

RECORD_ANNOUNCEMENTS = """() => {
    window.announced = [];
    const status = document.querySelector("main > progress-bar [role=status]");
    const record = () => window.announced.push(status.textContent);
    new MutationObserver(record).observe(status, { childList: true, subtree: true, characterData: true });
}"""
DRAW_WITHOUT_SRC = """job => {
    const bar = document.createElement("progress-bar");
    document.querySelector("main").append(bar);
    bar.draw(job);
}"""


def test_bar_shows_label_stage_count_and_percent(page, add_bar):
    bar = add_bar()
    expect(bar).to_contain_text("Importing")
    expect(bar).to_contain_text("Reading rows")
    expect(bar).to_contain_text("42 of 100 rows · 42 %")
    expect(page.get_by_role("progressbar", name="Importing")).to_have_attribute("value", "42")


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"eta_seconds": 75}, "42 of 100 rows · 42 % · 75 s left"),
        ({"eta_seconds": 600}, "42 of 100 rows · 42 % · 10 min left"),
        ({"percent": None, "total": None}, "42 rows"),
        ({"unit": "bytes", "current": 1_240_000, "total": 5_000_000}, "1.2 MB of 5 MB · 42 %"),
        ({"unit": "bytes", "current": 999, "total": None}, "999 B · 42 %"),
        ({"unit": ""}, "42 %"),
    ],
)
def test_bar_formats_count_percent_and_remaining_time(add_bar, server, changes, text):
    server.update(**changes)
    expect(add_bar().locator(".bar-count")).to_have_text(text)


def test_bar_with_unknown_percent_is_indeterminate(page, add_bar, server):
    server.update(percent=None, total=None)
    expect(add_bar()).to_contain_text("Reading rows")
    assert page.locator("progress").evaluate("bar => bar.position") == -1


@pytest.mark.parametrize(
    ("changes", "percent"),
    [
        ({"state": "queued", "percent": None}, "50"),
        ({"percent": 0}, "50"),
        ({"percent": 33}, "66"),
        ({"percent": 99}, "99"),
        ({"state": "failed", "percent": 40, "error": {"code": "x", "message": "It broke."}}, "70"),
        ({"state": "succeeded", "percent": 100}, "100"),
    ],
)
def test_bar_with_from_attribute_shows_the_percentage_of_the_longer_operation(page, add_bars, server, changes, percent):
    server.update(**changes)
    bar = add_bars(ID, **{"from": "50"})
    expect(bar.locator(".bar-count")).to_contain_text(f"{percent} %")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", percent)


def test_bar_can_be_drawn_before_its_job_exists(page, add_bars, server, fired_events):
    job = {"label": "Sending a.bin", "state": "running", "percent": 7, "stage": "Sending", "current": 1, "total": 7}
    page.evaluate(DRAW_WITHOUT_SRC, job)
    bar = add_bars().first
    expect(page.get_by_role("progressbar", name="Sending a.bin")).to_have_attribute("value", "7")
    expect(bar).to_contain_text("7 %")
    assert fired_events() == []
    page.evaluate("url => document.querySelector('main > progress-bar').setAttribute('src', url)", server.url())
    expect(bar).to_contain_text("Reading rows")
    assert fired_events() == ["progress"]


def test_succeeded_job_fills_the_bar_and_ends_its_requests(page, add_bar, server, fired_events):
    bar = add_bar()
    expect(bar).to_contain_text("42 %")
    server.update(state="succeeded", percent=100)
    expect(bar).to_contain_text("Done")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "100")
    assert fired_events() == ["progress", "progress", "succeeded"]
    assert server.is_idle()


def test_failed_job_keeps_its_percentage_and_shows_its_error(page, add_bar, server, fired_events):
    server.update(state="failed", percent=42, error={"code": "x", "message": "Row 43 is no row."})
    expect(add_bar()).to_contain_text("Failed: Row 43 is no row.")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "42")
    assert fired_events() == ["progress", "failed"]
    assert server.is_idle()


def test_bar_announces_only_changes_of_the_stage_and_the_end(page, add_bar, server):
    bar = add_bar()
    expect(bar).to_contain_text("42 %")
    page.evaluate(RECORD_ANNOUNCEMENTS)
    for percent in (43, 44, 45):
        server.update(percent=percent)
        expect(bar).to_contain_text(f"{percent} %")
    server.update(stage="Writing rows")
    expect(bar).to_contain_text("Writing rows")
    server.update(state="succeeded", percent=100)
    expect(bar).to_contain_text("Done")
    assert page.evaluate("window.announced") == ["Writing rows", "Done"]


@pytest.mark.parametrize(
    "state",
    [
        {"state": "queued", "attempt": 0},
        {"state": "queued", "attempt": 1},
        {"state": "running", "stage": ""},
        {"state": "running", "stage": "Reading rows"},
        {"state": "running", "cancel_requested": True},
        {"state": "succeeded"},
        {"state": "succeeded", "cancel_requested": True},
        {"state": "failed", "error": {"code": "x", "message": "It broke."}},
        {"state": "cancelled", "cancel_requested": True},
    ],
)
def test_bar_and_pages_without_javascript_show_the_same_headline(add_bar, server, state):
    fields = {name: value for name, value in state.items() if name != "error"}
    job = Job(**fields, error_message=state.get("error", {}).get("message", ""))
    server.update(**state)
    expect(add_bar().get_by_role("status")).to_have_text(job.headline)


def test_bar_shows_markup_as_text(page, add_bar, server):
    server.update(label="<img src=x onerror=alert(1)>", stage="<b>bold</b>")
    expect(add_bar()).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("progress-bar img, progress-bar b").count() == 0
