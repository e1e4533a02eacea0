"""The progress bar draws what the server says, and nothing else."""

import json

import pytest
from playwright.sync_api import expect

from progress.models import Job

URL = "/api/progress/00000000-0000-0000-0000-000000000000/"
JOB = {
    "id": "00000000-0000-0000-0000-000000000000",
    "url": URL,
    "label": "Importing",
    "state": "running",
    "percent": 42,
    "stage": "Reading rows",
    "current": 42,
    "total": 100,
    "unit": "rows",
    "eta_seconds": None,
    "version": 1,
    "attempt": 1,
    "error": None,
    "result": None,
}


@pytest.fixture
def bar(page, sqlite_site):
    """A page with a bar whose server says what the test wants: `say(job, status)`; and the events it fired."""
    page.clock.install()  # before the bar sets its first timer
    page.goto(f"{sqlite_site.url}/dashboard/")
    answers = {"status": 200, "body": JOB, "count": 0}

    def answer(route):
        answers["count"] += 1
        if answers["status"] == 0:
            route.abort()
        else:
            route.fulfill(status=answers["status"], body=json.dumps(answers["body"]), content_type="application/json")

    page.route(f"**{URL}", answer)

    def say(status=200, **changes):
        answers.update(status=status, body={**answers["body"], **changes})

    def add():
        page.evaluate(
            """url => {
                window.fired = [];
                for (const type of ["progress", "succeeded", "failed", "cancelled"])
                    document.body.addEventListener(type, (event) => window.fired.push(type));
                const bar = document.createElement("progress-bar");
                bar.setAttribute("src", url);
                document.querySelector("main").append(bar);
            }""",
            URL,
        )
        return page.locator("progress-bar")

    add.say = say
    add.answers = answers
    return add


def test_it_shows_label_stage_count_and_percent(page, bar):
    shown = bar()
    expect(shown).to_contain_text("Importing")
    expect(shown).to_contain_text("Reading rows")
    expect(shown).to_contain_text("42 of 100 rows · 42 %")
    expect(page.get_by_role("progressbar", name="Importing")).to_have_attribute("value", "42")


def test_an_unknown_percent_is_indeterminate(page, bar):
    bar.say(percent=None, total=None)
    shown = bar()
    expect(shown).to_contain_text("Reading rows")
    expect(page.get_by_role("progressbar")).not_to_have_attribute("value", "0")
    assert page.locator("progress").evaluate("bar => bar.position") == -1


def test_success_ends_it(page, bar):
    shown = bar()
    expect(shown).to_contain_text("42 %")
    bar.say(state="succeeded", percent=100, version=2)
    expect(shown).to_contain_text("Done")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "100")
    assert page.evaluate("window.fired") == ["progress", "progress", "succeeded"]
    assert_it_asks_no_more(page, bar)


def test_a_failure_keeps_its_percent_and_says_why(page, bar):
    bar.say(state="failed", percent=42, error={"code": "x", "message": "Row 43 is no row."})
    shown = bar()
    expect(shown).to_contain_text("Failed: Row 43 is no row.")
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "42")
    assert page.evaluate("window.fired") == ["progress", "failed"]
    assert_it_asks_no_more(page, bar)


@pytest.mark.parametrize("status", [401, 404, 410])
def test_it_stops_for_good_when_there_is_nothing_to_wait_for(page, bar, status):
    bar.say(status=status)
    expect(bar().get_by_role("status")).not_to_be_empty()
    assert_it_asks_no_more(page, bar)


@pytest.mark.parametrize("status", [0, 500, 502, 503])
def test_it_survives_a_server_that_is_away(page, bar, status):
    shown = bar()
    expect(shown).to_contain_text("42 %")
    bar.say(status=status)
    with page.expect_event("requestfinished" if status else "requestfailed"):
        pass
    seen = bar.answers["count"]
    bar.say(status=200, percent=50, version=2)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(shown).to_contain_text("50 %")
    assert bar.answers["count"] > seen


@pytest.mark.parametrize(
    "state",
    [
        {"state": "queued", "attempt": 0},
        {"state": "queued", "attempt": 1},
        {"state": "running", "stage": ""},
        {"state": "running", "stage": "Reading rows"},
        {"state": "succeeded"},
        {"state": "failed", "error": {"code": "x", "message": "It broke."}},
        {"state": "cancelled"},
    ],
)
def test_it_says_the_same_as_the_page_without_javascript(bar, state):
    fields = {name: value for name, value in state.items() if name != "error"}
    job = Job(**fields, error_message=state.get("error", {}).get("message", ""))
    bar.say(**state)
    expect(bar().get_by_role("status")).to_have_text(job.headline)


def test_what_it_shows_is_text(page, bar):
    bar.say(label="<img src=x onerror=alert(1)>", stage="<b>bold</b>")
    expect(bar()).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("progress-bar img, progress-bar b").count() == 0


def test_a_bar_that_is_taken_away_asks_no_more(page, bar):
    expect(bar()).to_contain_text("42 %")
    page.evaluate("document.querySelector('progress-bar').remove()")
    assert_it_asks_no_more(page, bar)


def assert_it_asks_no_more(page, bar):
    """Not in an hour of the page's own clock, nor when it is woken."""
    seen = bar.answers["count"]
    page.clock.fast_forward("01:00:00")
    page.evaluate("dispatchEvent(new Event('online'))")
    page.evaluate("fetch('/healthz/').then(() => null)")  # a question of the bar's would have come before this one
    assert bar.answers["count"] == seen
