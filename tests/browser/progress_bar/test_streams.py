"""Updates of progress bars by a stream that all bars of a page share."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import run_clock, run_clock_until
from tests.browser.progress_bar.job_server import ID
from tests.faults.cluster import wait_until

JOB_IDS = [f"00000000-0000-0000-0000-{n:012d}" for n in range(20)]
HUNDREDS_OF_JOB_IDS = [f"00000000-0000-0000-0001-{n:012d}" for n in range(900)]

SET_HIDDEN = """isHidden => {
    Object.defineProperty(document, "hidden", { get: () => isHidden, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""
"""Headless Chromium never hides a page by itself."""


def test_each_change_is_drawn_from_one_stream(add_bar, server, fired_events):
    bar = add_bar()
    expect(bar).to_contain_text("42 %")
    for percent in (43, 50, 77):
        server.update(percent=percent)
        expect(bar).to_contain_text(f"{percent} %")
    assert server.count("/stream/") == 1
    assert fired_events() == ["progress"] * 4


def test_all_bars_of_a_page_share_one_stream(add_bars, server):
    for job_id in JOB_IDS:
        server.update(job_id, label=f"Job {job_id[-3:]}", percent=1)
    bars = add_bars(*JOB_IDS)
    expect(bars.last).to_contain_text("Job 019")
    expect(bars.first).to_contain_text("1 %")
    assert server.open_streams == 1
    server.update(JOB_IDS[7], percent=70)
    expect(bars.nth(7)).to_contain_text("70 %")
    expect(bars.nth(8)).to_contain_text("1 %")
    assert server.count("/stream/") == 1


def test_hundreds_of_bars_share_one_stream(add_bars, server):
    for job_id in HUNDREDS_OF_JOB_IDS:
        server.update(job_id, percent=5)
    bars = add_bars(*HUNDREDS_OF_JOB_IDS)
    expect(bars.last).to_contain_text("5 %")
    expect(bars.first).to_contain_text("5 %")
    assert server.stream_queries == [""]
    server.update(HUNDREDS_OF_JOB_IDS[500], percent=70)
    expect(bars.nth(500)).to_contain_text("70 %")
    server.update(ID, percent=30)
    expect(add_bars(ID).last).to_contain_text("30 %")
    assert (server.open_streams, server.stream_queries) == (1, [""])
    server.delete(HUNDREDS_OF_JOB_IDS[1])
    server.end_streams()
    expect(bars.nth(1)).to_contain_text("no longer kept")


def test_deleted_job_is_noticed_within_a_minute_among_hundreds_of_bars(page, add_bars, server):
    page.clock.install()
    server.comment_seconds = 0.01  # the page's clock runs fast, so that longer pauses would count as a silent stream
    for job_id in HUNDREDS_OF_JOB_IDS[:101]:
        server.update(job_id, percent=5)
    bars = add_bars(*HUNDREDS_OF_JOB_IDS[:101])
    page.clock.run_for(100)
    expect(bars.last).to_contain_text("5 %")
    server.delete(HUNDREDS_OF_JOB_IDS[1])
    run_clock_until(page, lambda: "no longer kept" in bars.nth(1).inner_text())
    assert server.count("/stream/") == 1
    assert server.count("/api/progress/") <= 4  # the states at the start and a minute later, and no polls


def test_bar_added_later_joins_the_stream(add_bars, server):
    bars = add_bars(ID)
    expect(bars).to_contain_text("42 %")
    server.update(JOB_IDS[0], percent=5)
    bars = add_bars(JOB_IDS[0])
    expect(bars.last).to_contain_text("5 %")
    wait_until(lambda: server.open_streams == 1)
    assert ID in server.stream_queries[-1]
    assert JOB_IDS[0] in server.stream_queries[-1]


def test_two_bars_of_the_same_job_are_both_drawn(add_bars, server):
    bars = add_bars(ID, ID)
    server.update(percent=60)
    expect(bars.first).to_contain_text("60 %")
    expect(bars.last).to_contain_text("60 %")
    assert server.stream_queries[-1].count("id=") == 1


def test_error_in_a_bar_does_not_stop_other_bars(page, add_bars, server):
    bars = add_bars(ID, ID)
    expect(bars.last).to_contain_text("42 %")
    page.evaluate("document.querySelector('main > progress-bar .bar-stage').remove()")
    page.on("pageerror", lambda error: None)
    server.update(stage="Writing rows", percent=60)
    expect(bars.last).to_contain_text("60 %")


def test_removed_bar_sends_no_more_requests(page, add_bar, server):
    expect(add_bar()).to_contain_text("42 %")
    page.evaluate("document.querySelector('main > progress-bar').remove()")
    assert server.is_idle()


def test_hidden_page_sends_no_requests(page, add_bar, server):
    bar = add_bar()
    expect(bar).to_contain_text("42 %")
    page.evaluate(SET_HIDDEN, True)
    wait_until(lambda: server.open_streams == 0)
    server.update(percent=80)
    assert server.is_idle()
    page.evaluate(SET_HIDDEN, False)
    expect(bar).to_contain_text("80 %")


def test_stream_of_a_restarted_server_is_opened_again(add_bar, server):
    bar = add_bar()
    for percent in (50, 60, 70):
        server.end_streams()
        server.update(percent=percent)
        expect(bar).to_contain_text(f"{percent} %")


class TestPolling:
    """Polling while a server or a proxy doesn't deliver the stream."""

    @pytest.mark.parametrize("status", [429, 503])
    def test_bar_polls_while_the_server_has_too_many_streams(self, page, add_bar, server, status):
        page.clock.install()
        server.headers = {"Retry-After": "3600"}
        server.stream_status = status
        bar = add_bar()
        expect(bar).to_contain_text("42 %")
        server.update(percent=50)
        expect(bar).to_contain_text("50 %")
        assert server.count("/stream/") == 1
        server.stream_status = 200
        page.clock.fast_forward(3_600_000)
        wait_until(lambda: server.count("/stream/") == 2)
        server.update(percent=60)
        expect(bar).to_contain_text("60 %")

    def test_bar_polls_while_a_proxy_buffers_the_stream_and_streams_again_later(self, page, add_bar, server):
        page.clock.install()
        server.is_buffered = True
        bar = add_bar()
        wait_until(lambda: (page.clock.run_for(1000), server.count("/api/progress/"))[1])
        expect(bar).to_contain_text("42 %")
        server.update(percent=50)
        page.clock.run_for(2000)
        expect(bar).to_contain_text("50 %")
        assert server.count("/stream/") == 1
        server.is_buffered = False
        page.clock.fast_forward(60_000)
        wait_until(lambda: server.count("/stream/") == 2)
        server.update(percent=60)
        expect(bar).to_contain_text("60 %")

    def test_bar_polls_after_a_stream_becomes_silent(self, page, add_bar, server):
        page.clock.install()
        bar = add_bar()
        page.clock.run_for(100)
        expect(bar).to_contain_text("42 %")
        server.is_buffered = True
        server.update(percent=50)
        wait_until(lambda: (page.clock.run_for(1000), server.count("/api/progress/"))[1])
        expect(bar).to_contain_text("50 %")

    def test_hundreds_of_bars_are_polled_by_one_request_a_second(self, page, add_bars, server):
        page.clock.install()
        server.headers = {"Retry-After": "3600"}
        server.stream_status = 503
        for job_id in HUNDREDS_OF_JOB_IDS:
            server.update(job_id, state="queued", percent=None)
        server.update(HUNDREDS_OF_JOB_IDS[800], state="running", percent=1)
        bars = add_bars(*HUNDREDS_OF_JOB_IDS)
        run_clock(page, seconds=12)
        expect(bars.nth(800)).to_contain_text("1 %")
        server.update(HUNDREDS_OF_JOB_IDS[800], percent=2)
        page.clock.run_for(2500)
        expect(bars.nth(800)).to_contain_text("2 %")
        assert server.count("/api/progress/") <= 16
