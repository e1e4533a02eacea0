"""Lighthouse's scores, the size of the first load, and the origins that pages load from, as in production."""

import json
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import TIMEOUT_MS, launch_options, sign_up_on_page
from tests.browser.two_hosts import APP, DASHBOARD, Hosts
from tests.paths import ROOT
from tests.ports import free_port
from tests.screenshots.photos import photo

pytestmark = [pytest.mark.xdist_group("two hosts"), pytest.mark.slow]

MIN_SCORES = {"performance": 0.99, "accessibility": 1, "best-practices": 1, "seo": 1}
MAX_BYTES = 80_000
"""Limit of a first load without pictures, with the headers of the responses."""

MAX_RUNS = 3
MAX_SECONDS = 300

NOT_FOR_SEARCH_ENGINES = "is-crawlable"
"""The audit that fails for pages which robots.txt excludes."""

VISITOR_PAGES = {f"{APP}/": "", f"{APP}/accounts/login/": NOT_FOR_SEARCH_ENGINES}
USER_PAGES = {
    f"{APP}/todos/": NOT_FOR_SEARCH_ENGINES,
    f"{APP}/uploads/": NOT_FOR_SEARCH_ENGINES,
    f"{DASHBOARD}/": "",
}
"""URLs, and the audits to skip."""

ADD_TODOS = """async () => {
  const { csrf_token } = await (await fetch("/api/session/")).json();
  const headers = { "X-CSRFToken": csrf_token, "Content-Type": "application/json" };
  for (let number = 1; number <= 20; number++) {
    const body = JSON.stringify({ title: `Read chapter ${number}`, due_on: number % 3 ? null : "2030-01-01" });
    await fetch("/api/todos/", { method: "POST", headers, body });
  }
}"""


class Lighthouse:
    """A Chromium that Playwright logs in and Lighthouse measures. Each measurement starts with an empty cache."""

    def __init__(self, hosts: Hosts, browser_type, profile: Path) -> None:
        self._port = free_port()
        flags = [f"--host-resolver-rules={hosts.resolver_rules}", f"--remote-debugging-port={self._port}"]
        options = launch_options("chromium-headless-shell", "--ignore-certificate-errors", *flags)
        self.context: BrowserContext = browser_type.launch_persistent_context(profile, **options)
        self.context.set_default_timeout(TIMEOUT_MS)
        self.page: Page = self.context.pages[0]

    def measure(self, pages: dict[str, str]) -> list[dict]:
        """Return a report of each page: the best of several if it is slow, because other processes may be the cause."""
        reports = {report["url"]: report for report in self._run(pages)}
        for _ in range(MAX_RUNS - 1):
            slow = {url: pages[url] for url, report in reports.items() if is_slow(report)}
            for report in self._run(slow) if slow else []:
                reports[report["url"]] = max(report, reports[report["url"]], key=performance)
        return list(reports.values())

    def _run(self, pages: dict[str, str]) -> list[dict]:
        arguments = [part for page in pages.items() for part in page]
        command = ["node", str(ROOT / "tests/node/lighthouse.mjs"), str(self._port), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=MAX_SECONDS)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def performance(report: dict) -> float:
    return report["scores"]["performance"]


def is_slow(report: dict) -> bool:
    return performance(report) < MIN_SCORES["performance"]


@pytest.mark.timeout(2 * MAX_SECONDS)
def test_pages_have_the_best_scores_and_load_little(hosts, browser_type, tmp_path):
    with hosts.site():
        lighthouse = Lighthouse(hosts, browser_type, tmp_path)
        reports = lighthouse.measure(VISITOR_PAGES)
        sign_up_on_page(lighthouse.page, hosts, "lighthouse")
        lighthouse.page.evaluate(ADD_TODOS)
        upload_photo(lighthouse.page)
        reports += lighthouse.measure(USER_PAGES)
        lighthouse.context.close()
    for report in reports:
        low = {name: score for name, score in report["scores"].items() if score < MIN_SCORES[name]}
        assert low == {}, (report["url"], report["failed"])
        requests = [request for request in report["requests"] if not request["url"].startswith("data:")]
        assert {origin(request["url"]) for request in requests} <= {APP, DASHBOARD}
        size = sum(request["transferSize"] for request in requests if request["resourceType"] != "Image")
        assert size <= MAX_BYTES, report["url"]


def upload_photo(page: Page) -> None:
    page.goto(f"{APP}/uploads/")
    file = {"name": "Lake.jpg", "mimeType": "image/jpeg", "buffer": photo("Lake.jpg")}
    page.locator("#id_file").set_input_files(file)
    page.locator(".file .picture img").wait_for()


def origin(url: str) -> str:
    return "/".join(url.split("/")[:3])
