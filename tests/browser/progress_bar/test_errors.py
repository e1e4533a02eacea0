"""Progress bars whose server fails, is overloaded, or doesn't have their job."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import run_clock
from tests.browser.progress_bar.job_server import ID
from tests.faults.cluster import wait_until

UNKNOWN_ID = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(
    ("status", "text"), [(401, "Log in again"), (404, "no longer exists"), (410, "no longer exists")]
)
def test_bar_stops_if_its_job_cannot_be_read(add_bar, server, status, text):
    server.status = status
    expect(add_bar().get_by_role("status")).to_contain_text(text)
    assert server.is_idle()


def test_unknown_job_stops_only_its_own_bar(add_bars, server):
    bars = add_bars(UNKNOWN_ID, ID)
    expect(bars.first).to_contain_text("no longer exists")
    server.update(percent=55)
    expect(bars.last).to_contain_text("55 %")


def test_deleted_job_shows_a_message(add_bar, server):
    bar = add_bar()
    expect(bar).to_contain_text("42 %")
    server.delete()
    expect(bar).to_contain_text("no longer kept")
    assert server.is_idle()


@pytest.mark.parametrize("status", [500, 502, 504])
def test_bar_retries_while_the_server_fails(add_bar, server, status):
    bar = add_bar()
    expect(bar).to_contain_text("42 %")
    server.status = status
    server.end_streams()
    wait_until(lambda: server.count("/stream/") >= 3)
    server.update(percent=50)
    server.status = 200
    expect(bar).to_contain_text("50 %")


def test_bar_retries_less_often_over_time_and_immediately_when_the_network_returns(page, add_bar, server):
    page.clock.install()
    bar = add_bar()
    page.clock.run_for(100)
    expect(bar).to_contain_text("42 %")
    server.status = 502
    server.end_streams()
    run_clock(page, seconds=60)
    assert 5 <= server.count("/stream/") <= 12
    server.status = 200
    server.update(percent=50)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.clock.run_for(50)
    expect(bar).to_contain_text("50 %")


def test_overloaded_server_receives_few_requests(page, add_bar, server):
    page.clock.install()
    server.headers = {"Retry-After": "60"}
    server.status = 503
    add_bar()
    run_clock(page, seconds=50)
    assert 3 <= len(server.requests) <= 12
