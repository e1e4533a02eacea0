"""Progress bars on a page whose origin is neither the site's nor the job server's."""

from uuid import uuid4

import pytest

from tests.browser.progress_bar.job_server import ID, JobServer

PAGE = """<!doctype html>
<link rel="stylesheet" href="/static/config/css/site.css">
<script type="module" src="/static/progress/progress-bar.js"></script>
<main></main>
"""
RECORD_EVENTS = """() => {
    window.firedEvents = [];
    for (const type of ["progress", "succeeded", "failed", "cancelled"])
        document.body.addEventListener(type, (event) => window.firedEvents.push(type));
}"""
ADD_BARS = """([urls, attributes]) => {
    for (const url of urls) {
        const bar = document.createElement("progress-bar");
        const all = Object.entries({ src: url, ...attributes });
        for (const [name, value] of all) bar.setAttribute(name, value);
        document.querySelector("main").append(bar);
    }
}"""


@pytest.fixture
def server():
    with JobServer().running() as server:
        yield server


@pytest.fixture
def add_bars(page, sqlite_site, server):
    """Open a page that records events of bars. Return a function that adds bars and returns all bars of the page."""
    name = f"bars-{uuid4().hex}.html"
    (sqlite_site.state_dir / "public" / name).write_text(PAGE)
    page.goto(f"{sqlite_site.dashboard_url}/{name}")
    page.evaluate(RECORD_EVENTS)

    def add(*job_ids, **attributes):
        page.evaluate(ADD_BARS, [[server.url(job_id) for job_id in job_ids], attributes])
        return page.locator("main > progress-bar")

    return add


@pytest.fixture
def add_bar(add_bars):
    return lambda: add_bars(ID)


@pytest.fixture
def fired_events(page):
    return lambda: page.evaluate("window.firedEvents")
