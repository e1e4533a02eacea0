"""Files to upload, and what the page of uploads shows and sends."""

import hashlib
import random
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import sign_up
from tests.browser.network import ALMOST_STOPPED, SLOW, Network
from tests.browser.site import Site

LABEL = "Drop photos or other files"

UNLOADS_WITHOUT_CONFIRMATION = "() => dispatchEvent(new Event('beforeunload', {cancelable: true}))"
"""True while the page can be left without a question, because the browser keeps its files and can continue."""

RECORD = """
window.drawn = [];  // for each value of a bar: the file's name, the value, and the bytes acknowledged until then
window.acknowledged = 0;
window.requests = [];
const originalFetch = window.fetch;
window.fetch = async (url, options) => {
  window.requests.push(`${options?.method ?? "GET"} ${new URL(url, location).pathname}`);
  const response = await originalFetch(url, options);
  window.acknowledged = Math.max(window.acknowledged, Number(response.headers.get("Upload-Offset")));
  return response;
};
new MutationObserver((changes) => {
  for (const { target } of changes) {
    const name = target.closest(".row")?.querySelector(".row-name").textContent;
    if (name) window.drawn.push({ name, value: target.value, acknowledged: window.acknowledged });
  }
}).observe(document, { subtree: true, attributes: true, attributeFilter: ["value"] });
"""


def make_file(directory: Path, name: str = "data.bin", size: int = 1_000_000) -> Path:
    """Write a file whose bytes depend on its name."""
    path = directory / name
    path.write_bytes(random.Random(name).randbytes(size))
    return path


def open_uploads(page: Page, site: Site, name: str) -> None:
    """Sign up and open the page of uploads, which then records drawn values and requests."""
    page.add_init_script(RECORD)
    sign_up(page, site, name)
    page.goto(f"{site.url}/uploads/")


def choose_files(page: Page, *paths: Path) -> None:
    page.get_by_label(LABEL).set_input_files(paths)


def row(page: Page, name: str) -> Locator:
    """Return the row of a file that isn't uploaded yet."""
    return page.locator("#rows .row").filter(has=page.get_by_text(name, exact=True))


def expect_partly_sent(page: Page, name: str) -> None:
    """Wait until part of the file is acknowledged. All of it is sent at 50 %, when its job starts."""
    expect(row(page, name).locator("progress")).to_have_attribute("value", _between(1, 49))


def send_partly(page: Page, network: Network, *paths: Path) -> None:
    """Choose files, wait until part of the first one is acknowledged, and then almost stop the network.

    So even a slow machine has time to act before the files are sent.
    """
    network.throttle(SLOW)
    choose_files(page, *paths)
    expect_partly_sent(page, paths[0].name)
    network.throttle(ALMOST_STOPPED)


def expect_cards(page: Page, *names: str) -> None:
    """Wait until the page has these files only, all of them uploaded and processed."""
    expect(page.locator(".file")).to_have_count(len(names))
    expect(page.locator("#rows .row")).to_have_count(0)
    expect(page.locator(".file progress-bar")).to_have_count(0)
    assert sorted(page.locator(".file h2").all_inner_texts()) == sorted(names)


def assert_stored_unchanged(page: Page, site: Site, *paths: Path) -> None:
    """Assert that the server has these files only, with the same bytes, and no unfinished upload."""
    stored = page.context.request.get(f"{site.url}/api/uploads/", max_retries=2).json()
    sent = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
    assert sorted((upload["name"], upload["sha256"]) for upload in stored) == sorted(sent.items())
    assert page.context.request.get(f"{site.url}/api/tus", max_retries=2).json() == []


def tus_requests(page: Page, method: str) -> list[str]:
    """Return the tus requests with this method that the page has sent since it was loaded."""
    requests = page.evaluate("window.requests")
    return [request for request in requests if request.startswith(f"{method} /api/tus")]


def drop(page: Page, *paths: Path) -> None:
    """Drop files or directories on the window, as if they were dragged from a file manager."""
    drop_at(page, 100, 300, *paths)


def drop_at(page: Page, x: float, y: float, *paths: Path) -> None:
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    event = {"x": x, "y": y, "data": data}
    for step in ("dragEnter", "dragOver"):
        session.send("Input.dispatchDragEvent", {"type": step, **event})
    expect(page.locator("html")).to_have_class(re.compile(r"\bdragging\b"))
    session.send("Input.dispatchDragEvent", {"type": "drop", **event})


def _between(low: int, high: int) -> re.Pattern:
    return re.compile(f"^({'|'.join(map(str, range(low, high + 1)))})$")
