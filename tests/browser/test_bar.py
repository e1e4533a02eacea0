"""The progress bar draws what the server says, and nothing else; all bars of a page share one stream."""

import pytest
from playwright.sync_api import expect

from progress.models import Job
from tests.browser.conftest import pass_time
from tests.browser.job_server import ID, JobServer
from tests.faults.cluster import wait_until

PAGE = """<!doctype html>
<link rel="stylesheet" href="/static/config/site.css">
<link rel="stylesheet" href="/static/progress/progress-bar.css">
<script type="module" src="/static/progress/progress-bar.js"></script>
<main></main>
"""

OTHERS = [f"00000000-0000-0000-0000-{n:012d}" for n in range(20)]
MANY = [f"00000000-0000-0000-0001-{n:012d}" for n in range(900)]


@pytest.fixture
def server():
    with JobServer().running() as server:
        yield server


@pytest.fixture
def bars(page, sqlite_site, server):
    """Put bars into a page of another origin, by one script and their URLs; and note the events that they fire."""
    (sqlite_site.state_dir / "public" / "bars.html").write_text(PAGE)
    page.goto(f"{sqlite_site.dashboard_url}/bars.html")
    page.evaluate(
        """() => {
            window.fired = [];
            for (const type of ["progress", "succeeded", "failed", "cancelled"])
                document.body.addEventListener(type, (event) => window.fired.push(type));
        }"""
    )

    def add(*job_ids, **attributes):
        page.evaluate(
            """([urls, attributes]) => {
                for (const url of urls) {
                    const bar = document.createElement("progress-bar");
                    const all = Object.entries({ src: url, ...attributes });
                    for (const [name, value] of all) bar.setAttribute(name, value);
                    document.querySelector("main").append(bar);
                }
            }""",
            [[server.url(job_id) for job_id in job_ids], attributes],
        )
        return page.locator("main > progress-bar")

    return add


@pytest.fixture
def bar(bars):
    return lambda: bars(ID)


def fired(page) -> list[str]:
    return page.evaluate("window.fired")


def settled(server: JobServer) -> bool:
    """Whether nothing is asked any more, for as long as a bar takes at most to ask again in these tests."""
    seen = len(server.asked)
    try:
        wait_until(lambda: len(server.asked) > seen, 1.5)
    except AssertionError:
        wait_until(lambda: server.streams == 0)
        return True
    return False


def test_it_shows_label_stage_count_and_percent(page, bar):
    shown = bar()
    expect(shown).to_contain_text("Importing")
    expect(shown).to_contain_text("Reading rows")
    expect(shown).to_contain_text("42 of 100 rows · 42 %")
    expect(page.get_by_role("progressbar", name="Importing")).to_have_attribute("value", "42")


@pytest.mark.parametrize(
    ("says", "shown"),
    [
        ({"eta_seconds": 75}, "42 of 100 rows · 42 % · 75 s left"),
        ({"eta_seconds": 600}, "42 of 100 rows · 42 % · 10 min left"),
        ({"percent": None, "total": None}, "42 rows"),
        ({"unit": "bytes", "current": 1_240_000, "total": 5_000_000}, "1.2 MB of 5 MB · 42 %"),
        ({"unit": "bytes", "current": 999, "total": None}, "999 B · 42 %"),
        ({"unit": ""}, "42 %"),
    ],
)
def test_what_it_says_of_the_count(bar, server, says, shown):
    server.say(**says)
    expect(bar().locator(".bar-count")).to_have_text(shown)


def test_an_unknown_percent_is_indeterminate(page, bar, server):
    server.say(percent=None, total=None)
    expect(bar()).to_contain_text("Reading rows")
    assert page.locator("progress").evaluate("bar => bar.position") == -1


@pytest.mark.parametrize(
    ("says", "percent"),
    [
        ({"state": "queued", "percent": None}, "50"),
        ({"percent": 0}, "50"),
        ({"percent": 33}, "66"),
        ({"percent": 99}, "99"),
        ({"state": "failed", "percent": 40, "error": {"code": "x", "message": "It broke."}}, "70"),
        ({"state": "succeeded", "percent": 100}, "100"),
    ],
)
def test_a_bar_of_a_longer_work_begins_where_the_job_begins(page, bars, server, says, percent):
    server.say(**says)
    shown = bars(ID, **{"from": "50"})
    expect(shown.locator(".bar-count")).to_contain_text(f"{percent} %")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", percent)


def test_a_bar_can_be_drawn_before_there_is_a_job(page, bars, server):
    page.evaluate(
        """job => {
            const bar = document.createElement("progress-bar");
            document.querySelector("main").append(bar);
            bar.draw(job);
        }""",
        {"label": "Sending a.bin", "state": "running", "percent": 7, "stage": "Sending", "current": 1, "total": 7},
    )
    shown = bars().first
    expect(page.get_by_role("progressbar", name="Sending a.bin")).to_have_attribute("value", "7")
    expect(shown).to_contain_text("7 %")
    assert fired(page) == []
    page.evaluate("url => document.querySelector('main > progress-bar').setAttribute('src', url)", server.url())
    expect(shown).to_contain_text("Reading rows")
    assert fired(page) == ["progress"]


def test_each_change_is_drawn_as_it_comes_over_one_stream(page, bar, server):
    shown = bar()
    expect(shown).to_contain_text("42 %")
    for percent in (43, 50, 77):
        server.say(percent=percent)
        expect(shown).to_contain_text(f"{percent} %")
    assert server.count("/stream/") == 1
    assert fired(page) == ["progress"] * 4


def test_success_ends_it(page, bar, server):
    shown = bar()
    expect(shown).to_contain_text("42 %")
    server.say(state="succeeded", percent=100)
    expect(shown).to_contain_text("Done")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "100")
    assert fired(page) == ["progress", "progress", "succeeded"]
    assert settled(server)


def test_a_failure_keeps_its_percent_and_says_why(page, bar, server):
    server.say(state="failed", percent=42, error={"code": "x", "message": "Row 43 is no row."})
    expect(bar()).to_contain_text("Failed: Row 43 is no row.")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "42")
    assert fired(page) == ["progress", "failed"]
    assert settled(server)


def test_all_bars_of_a_page_share_one_stream(page, bars, server):
    for job_id in OTHERS[:20]:
        server.say(job_id, label=f"Job {job_id[-3:]}", percent=1)
    shown = bars(*OTHERS[:20])
    expect(shown.last).to_contain_text("Job 019")
    expect(shown.first).to_contain_text("1 %")
    assert server.streams == 1
    server.say(OTHERS[7], percent=70)
    expect(shown.nth(7)).to_contain_text("70 %")
    expect(shown.nth(8)).to_contain_text("1 %")
    assert server.count("/stream/") == 1


def test_hundreds_of_bars_share_one_stream(bars, server):
    for job_id in MANY:
        server.say(job_id, percent=5)
    shown = bars(*MANY)
    expect(shown.last).to_contain_text("5 %")
    expect(shown.first).to_contain_text("5 %")
    assert server.queries == [""]
    server.say(MANY[500], percent=70)
    expect(shown.nth(500)).to_contain_text("70 %")
    server.say(ID, percent=30)
    expect(bars(ID).last).to_contain_text("30 %")
    assert (server.streams, server.queries) == (1, [""])
    server.forget(MANY[1])
    server.break_streams()
    expect(shown.nth(1)).to_contain_text("no longer kept")


def test_deleted_job_is_noticed_within_a_minute_among_hundreds_of_bars(page, bars, server):
    page.clock.install()
    server.comment_seconds = 0.01  # a page whose time passes fast would take the stream for silent
    for job_id in MANY[:101]:
        server.say(job_id, percent=5)
    shown = bars(*MANY[:101])
    page.clock.run_for(100)
    expect(shown.last).to_contain_text("5 %")
    server.forget(MANY[1])
    pass_time(page, until=lambda: "no longer kept" in shown.nth(1).inner_text())
    assert server.count("/stream/") == 1
    assert server.count("/api/progress/") <= 4  # the states at the start and a minute later, and no polls


def test_hundreds_of_bars_are_polled_by_one_request_a_second(page, bars, server):
    page.clock.install()
    server.headers = {"Retry-After": "3600"}
    server.stream_status = 503
    for job_id in MANY:
        server.say(job_id, state="queued", percent=None)
    server.say(MANY[800], state="running", percent=1)
    shown = bars(*MANY)
    for _ in range(12):
        page.clock.run_for(1000)
        page.evaluate("fetch('/').then(() => null)")
    expect(shown.nth(800)).to_contain_text("1 %")
    server.say(MANY[800], percent=2)
    page.clock.run_for(2500)
    expect(shown.nth(800)).to_contain_text("2 %")
    assert server.count("/api/progress/") <= 16


def test_it_polls_when_a_proxy_buffers_the_stream_and_streams_again_later(page, bar, server):
    page.clock.install()
    server.is_buffered = True
    shown = bar()
    wait_until(lambda: (page.clock.run_for(1000), server.count("/api/progress/"))[1])
    expect(shown).to_contain_text("42 %")
    server.say(percent=50)
    page.clock.run_for(2000)
    expect(shown).to_contain_text("50 %")
    assert server.count("/stream/") == 1
    server.is_buffered = False
    page.clock.fast_forward(60_000)
    wait_until(lambda: server.count("/stream/") == 2)
    server.say(percent=60)
    expect(shown).to_contain_text("60 %")


def test_a_bar_that_comes_later_joins_the_stream(bars, server):
    shown = bars(ID)
    expect(shown).to_contain_text("42 %")
    server.say(OTHERS[0], percent=5)
    shown = bars(OTHERS[0])
    expect(shown.last).to_contain_text("5 %")
    wait_until(lambda: server.streams == 1)
    assert ID in server.queries[-1]
    assert OTHERS[0] in server.queries[-1]


def test_two_bars_of_one_job_are_both_drawn(bars, server):
    shown = bars(ID, ID)
    server.say(percent=60)
    expect(shown.first).to_contain_text("60 %")
    expect(shown.last).to_contain_text("60 %")
    assert server.queries[-1].count("id=") == 1


@pytest.mark.parametrize(
    ("status", "says"), [(401, "Log in again"), (404, "no longer exists"), (410, "no longer exists")]
)
def test_it_stops_for_good_when_there_is_nothing_to_wait_for(bar, server, status, says):
    server.status = status
    expect(bar().get_by_role("status")).to_contain_text(says)
    assert settled(server)


def test_a_job_that_is_not_known_stops_its_bar_and_no_other(bars, server):
    shown = bars(OTHERS[0], ID)
    expect(shown.first).to_contain_text("no longer exists")
    server.say(percent=55)
    expect(shown.last).to_contain_text("55 %")


def test_a_job_that_is_gone_says_so(bar, server):
    shown = bar()
    expect(shown).to_contain_text("42 %")
    server.forget()
    expect(shown).to_contain_text("no longer kept")
    assert settled(server)


@pytest.mark.parametrize("status", [500, 502, 504])
def test_it_survives_a_server_that_is_away(bar, server, status):
    shown = bar()
    expect(shown).to_contain_text("42 %")
    server.status = status
    server.break_streams()
    wait_until(lambda: server.count("/stream/") >= 3)
    server.say(percent=50)
    server.status = 200
    expect(shown).to_contain_text("50 %")


def test_it_survives_a_deploy(bar, server):
    """All streams end, and a moment later there is another server."""
    shown = bar()
    for percent in (50, 60, 70):
        server.break_streams()
        server.say(percent=percent)
        expect(shown).to_contain_text(f"{percent} %")


def test_a_server_that_stays_away_is_asked_ever_more_seldom_but_at_once_when_the_network_is_back(page, bar, server):
    page.clock.install()
    shown = bar()
    page.clock.run_for(100)
    expect(shown).to_contain_text("42 %")
    server.status = 502
    server.break_streams()
    for _ in range(60):
        page.clock.run_for(1000)
        page.evaluate("fetch('/').then(() => null)")
    assert 5 <= server.count("/stream/") <= 12
    server.status = 200
    server.say(percent=50)
    page.evaluate("dispatchEvent(new Event('online'))")
    page.clock.run_for(50)
    expect(shown).to_contain_text("50 %")


def test_a_stream_that_has_gone_silent_is_replaced_by_polling(page, bar, server):
    page.clock.install()
    shown = bar()
    page.clock.run_for(100)
    expect(shown).to_contain_text("42 %")
    server.is_buffered = True
    server.say(percent=50)
    wait_until(lambda: (page.clock.run_for(1000), server.count("/api/progress/"))[1])
    expect(shown).to_contain_text("50 %")


def test_nobody_looks_nobody_asks(page, bar, server):
    shown = bar()
    expect(shown).to_contain_text("42 %")
    look(page, hidden=True)
    wait_until(lambda: server.streams == 0)
    server.say(percent=80)
    assert settled(server)
    look(page, hidden=False)
    expect(shown).to_contain_text("80 %")


def look(page, hidden: bool) -> None:
    """Chromium without a window never hides a page by itself."""
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )


@pytest.mark.parametrize("status", [429, 503])
def test_it_polls_when_the_server_has_too_many_streams(page, bar, server, status):
    page.clock.install()
    server.headers = {"Retry-After": "3600"}
    server.stream_status = status
    shown = bar()
    expect(shown).to_contain_text("42 %")
    server.say(percent=50)
    expect(shown).to_contain_text("50 %")
    assert server.count("/stream/") == 1
    server.stream_status = 200
    page.clock.fast_forward(3_600_000)
    wait_until(lambda: server.count("/stream/") == 2)
    server.say(percent=60)
    expect(shown).to_contain_text("60 %")


def test_cancel(page, bar, server):
    shown = bar()
    page.get_by_role("button", name="Cancel: Importing").click()
    expect(shown).to_contain_text("Stopping")
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    assert ("POST", f"/api/progress/{ID}/cancel/") in server.asked
    assert server.tokens == ["fresh"]
    server.say(state="cancelled")
    expect(shown).to_contain_text("Cancelled")
    expect(page.get_by_role("button", name="Try again: Importing")).to_be_visible()
    assert fired(page)[-1] == "cancelled"


def test_try_again(page, bar, server):
    server.say(state="failed", error={"code": "x", "message": "It broke."})
    shown = bar()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    page.get_by_role("button", name="Try again: Importing").click()
    expect(shown).to_contain_text("Waiting")
    server.say(state="running", percent=10, stage="Reading rows")
    expect(shown).to_contain_text("10 %")
    server.say(state="succeeded", percent=100)
    expect(shown).to_contain_text("Done")
    assert fired(page)[-1] == "succeeded"


def test_a_button_that_does_not_work_says_so_and_can_be_pressed_again(page, bar, server):
    shown = bar()
    expect(shown).to_contain_text("42 %")
    server.status = 502
    page.get_by_role("button", name="Cancel").click()
    expect(shown).to_contain_text("The request failed")
    server.status = 200
    page.get_by_role("button", name="Cancel").click()
    expect(shown).to_contain_text("Stopping")


def test_only_changes_of_stage_and_the_end_are_announced(page, bar, server):
    shown = bar()
    expect(shown).to_contain_text("42 %")
    page.evaluate(
        """() => {
            window.announced = [];
            const status = document.querySelector("main > progress-bar [role=status]");
            const note = () => window.announced.push(status.textContent);
            new MutationObserver(note).observe(status, { childList: true, subtree: true, characterData: true });
        }"""
    )
    for percent in (43, 44, 45):
        server.say(percent=percent)
        expect(shown).to_contain_text(f"{percent} %")
    server.say(stage="Writing rows")
    expect(shown).to_contain_text("Writing rows")
    server.say(state="succeeded", percent=100)
    expect(shown).to_contain_text("Done")
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
def test_it_says_the_same_as_the_page_without_javascript(bar, server, state):
    fields = {name: value for name, value in state.items() if name != "error"}
    job = Job(**fields, error_message=state.get("error", {}).get("message", ""))
    server.say(**state)
    expect(bar().get_by_role("status")).to_have_text(job.headline)


def test_what_it_shows_is_text(page, bar, server):
    server.say(label="<img src=x onerror=alert(1)>", stage="<b>bold</b>")
    expect(bar()).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("progress-bar img, progress-bar b").count() == 0


def test_a_bar_that_is_taken_away_asks_no_more(page, bar, server):
    expect(bar()).to_contain_text("42 %")
    page.evaluate("document.querySelector('main > progress-bar').remove()")
    assert settled(server)


def test_a_bar_that_is_moved_asks_and_acts_once(page, bar, server):
    shown = bar()
    expect(shown).to_contain_text("42 %")
    for _ in range(2):
        page.evaluate("document.querySelector('main').prepend(document.querySelector('main > progress-bar'))")
    page.get_by_role("button", name="Cancel").click()
    expect(shown).to_contain_text("Stopping")
    assert [asked for asked in server.asked if asked[0] == "POST"] == [("POST", f"/api/progress/{ID}/cancel/")]
    wait_until(lambda: server.streams == 1)  # it notices that a client has gone when it says the next thing


def test_the_focus_stays_at_a_bar_whose_button_has_done_its_work(page, bar, server):
    shown = bar()
    page.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(shown).to_contain_text("Stopping")
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    expect(shown).to_be_focused()


def test_a_server_that_has_no_room_for_anybody_is_not_asked_each_second(page, bar, server):
    page.clock.install()
    server.headers = {"Retry-After": "60"}
    server.status = 503
    bar()
    for _ in range(50):
        page.clock.run_for(1000)
        page.evaluate("fetch('/').then(() => null)")
    assert 3 <= len(server.asked) <= 12


def test_one_bar_that_breaks_does_not_keep_the_others_from_their_news(page, bars, server):
    shown = bars(ID, ID)
    expect(shown.last).to_contain_text("42 %")
    page.evaluate("document.querySelector('main > progress-bar .bar-stage').remove()")
    page.on("pageerror", lambda error: None)
    server.say(stage="Writing rows", percent=60)
    expect(shown.last).to_contain_text("60 %")
