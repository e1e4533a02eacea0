"""Sending files in Chromium: files to send, lines that are slow, and what the page did meanwhile."""

import hashlib
import random
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import sign_up
from tests.browser.site import Site

LABEL = "A photo or any other file"

SLOW = 200_000  # bytes a second: a file of 1 MB is a few acknowledgements
SLOWER = 100_000
NEARLY_STILL = 20_000

RECORD = """
window.drawn = [];  // each value that a bar has taken: whose it is, its value, and what had been acknowledged by then
window.acknowledged = 0;
window.asked = [];
const plain = window.fetch;
window.fetch = async (url, how) => {
  window.asked.push(`${how?.method ?? "GET"} ${new URL(url, location).pathname}`);
  const answer = await plain(url, how);
  window.acknowledged = Math.max(window.acknowledged, Number(answer.headers.get("Upload-Offset")));
  return answer;
};
new MutationObserver((changes) => {
  for (const { target } of changes) {
    const name = target.closest(".row")?.querySelector(".row-name").textContent;
    if (name) window.drawn.push({ name, value: target.value, acknowledged: window.acknowledged });
  }
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["value"] });
"""


def make_file(directory: Path, name: str = "data.bin", size: int = 1_000_000) -> Path:
    """A file of bytes that nothing else has."""
    path = directory / name
    path.write_bytes(random.Random(name).randbytes(size))
    return path


def open_uploads(page: Page, site: Site, name: str) -> None:
    page.add_init_script(RECORD)
    sign_up(page, site, name)
    page.goto(f"{site.url}/uploads/")


def choose(page: Page, *paths: Path) -> None:
    page.get_by_label(LABEL).set_input_files(paths)


class Line:
    """The line between a page and the site, as slow as it is told to be."""

    def __init__(self, page: Page) -> None:
        self._network = page.context.new_cdp_session(page)
        self._network.send("Network.enable")

    def throttle(self, bytes_per_second: int = -1, offline: bool = False) -> None:
        """So much can be sent; -1 is as much as the machine can."""
        how = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_per_second, "offline": offline}
        self._network.send("Network.emulateNetworkConditions", how)


def row(page: Page, name: str) -> Locator:
    return page.locator("#rows .row").filter(has=page.get_by_text(name, exact=True))


def expect_under_way(page: Page, name: str) -> None:
    """Some of it has been acknowledged, and some has not."""
    expect(row(page, name).locator("progress")).to_have_attribute("value", _between(1, 49))


def send_a_part(page: Page, line: Line, *paths: Path) -> None:
    """Choose them, and once some of the first has been acknowledged, let the line nearly stand still, until it is told
    otherwise: then there is time for whatever shall happen in the middle, on slow machines too.
    """
    line.throttle(SLOW)
    choose(page, *paths)
    expect_under_way(page, paths[0].name)
    line.throttle(NEARLY_STILL)


def expect_cards(page: Page, *names: str) -> None:
    """These files are all that there is, and none is on its way any more."""
    expect(page.locator(".card")).to_have_count(len(names))
    expect(page.locator("#rows .row")).to_have_count(0)
    expect(page.locator(".card progress-bar")).to_have_count(0)
    assert sorted(page.locator(".card h2").all_inner_texts()) == sorted(names)


def assert_kept_unchanged(page: Page, site: Site, *paths: Path) -> None:
    """The server has these files and no other, byte by byte."""
    kept = page.context.request.get(f"{site.url}/api/uploads/", max_retries=2).json()
    sent = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    assert sorted((upload["name"], upload["sha256"]) for upload in kept) == sorted(sent.items())
    assert page.context.request.get(f"{site.url}/api/tus", max_retries=2).json() == []


def requests(page: Page, method: str) -> list[str]:
    """The tus requests of this kind that the page has made since it was loaded."""
    asked = page.evaluate("window.asked")
    return [request for request in asked if request.startswith(f"{method} /api/tus")]


def drop(page: Page, *paths: Path) -> None:
    """As the system does it, when files or folders are dragged into the window and let go."""
    drop_at(page, 100, 300, *paths)


def drop_at(page: Page, x: float, y: float, *paths: Path) -> None:
    target = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    where = {"x": x, "y": y, "data": data}
    for step in ("dragEnter", "dragOver"):
        target.send("Input.dispatchDragEvent", {"type": step, **where})
    expect(page.locator("html")).to_have_class(re.compile(r"\bdragging\b"))
    target.send("Input.dispatchDragEvent", {"type": "drop", **where})


def _between(low: int, high: int) -> re.Pattern:
    return re.compile(f"^({'|'.join(map(str, range(low, high + 1)))})$")
