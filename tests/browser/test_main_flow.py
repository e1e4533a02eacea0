"""The main flow: sign up, add and complete a to-do, upload a photo, and follow its processing."""

import json
import os
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CLOSE_CONNECTION, TIMEOUT_MS, sign_up, sign_up_on_page

RECORD = """
window.drawnJobs = [];
document.addEventListener("progress", ({detail}) => window.drawnJobs.push(detail));
"""


@pytest.mark.usefixtures("no_errors")
def test_main_flow_with_javascript(page, site, holiday_photo):
    sign_up_on_page(page, site, "flow")

    page.get_by_label("What needs to be done?").fill("Print the holiday photos")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 item left")).to_be_visible()
    page.get_by_role("checkbox", name="Done: Print the holiday photos").click()
    expect(page.get_by_text("0 items left")).to_be_visible()

    page.add_init_script(RECORD)
    page.get_by_role("link", name="Files").click()
    page.get_by_label("Drop photos or other files").set_input_files(holiday_photo)
    expect(page.get_by_role("progressbar", name="Processing holiday.jpg")).to_be_visible()
    expect(page.locator(".file")).to_be_visible()
    drawn = page.evaluate("window.drawnJobs")
    percents = [job["percent"] for job in drawn if job["percent"] is not None]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert len(set(percents)) >= 3, f"too few steps: {percents}"
    assert 100 not in [job["percent"] for job in drawn[:-1]]
    assert drawn[-1]["state"] == "succeeded"

    page.locator(".file").get_by_role("heading").get_by_role("link", name="holiday.jpg").click()

    viewer = page.get_by_role("dialog", name="holiday.jpg")
    picture = viewer.get_by_role("img", name="holiday.jpg")
    page.wait_for_function("(picture) => picture.naturalWidth > 0", arg=picture.element_handle())
    assert picture.evaluate("image => image.naturalHeight > image.naturalWidth")
    viewer.get_by_role("link", name="Open page").click()
    expect(page.get_by_text("3000 × 4000")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)

    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Files").click()
    expect(page.get_by_role("img", name="holiday.jpg")).to_be_visible()


def test_main_flow_without_javascript(page_without_javascript, sqlite_site, holiday_photo):
    page = page_without_javascript
    sign_up_on_page(page, sqlite_site, "plain")

    page.get_by_label("What needs to be done?").fill("Print the holiday photos")
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Done: Print the holiday photos").click()
    expect(page.get_by_text("0 items left")).to_be_visible()
    page.get_by_role("link", name="Edit Print the holiday photos").click()
    page.get_by_label("Title").fill("Frame the holiday photos")
    page.get_by_label("Due").fill("2030-01-31")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Frame the holiday photos")).to_be_visible()
    page.get_by_role("button", name="Delete Frame the holiday photos").click()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()

    page.get_by_role("link", name="Files").click()
    page.get_by_label("Drop photos or other files").set_input_files(holiday_photo)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("img", name="holiday.jpg")).to_be_visible()  # the page reloads itself
    expect(page.get_by_role("progressbar")).to_have_count(0)


def test_http_client_uploads_a_photo_and_polls_its_job(page, site, holiday_photo):
    sign_up(page, site, "program")
    http = page.context.request
    token = http.get(f"{site.url}/api/session/", headers=CLOSE_CONNECTION).json()["csrf_token"]
    headers = {"X-CSRFToken": token, "Referer": site.url, **CLOSE_CONNECTION}
    with holiday_photo.open("rb") as photo:
        file = {"name": "holiday.jpg", "mimeType": "image/jpeg", "buffer": photo.read()}
    response = http.post(f"{site.url}/api/uploads/", multipart={"file": file}, headers=headers)
    assert response.status == 202
    job_url = response.json()["job"]["url"]
    states = ["queued"]
    for _ in range(600):
        states.append(http.get(job_url).json()["state"])
        if states[-1] not in ("queued", "running"):
            break
        page.wait_for_timeout(100)
    assert states[-1] == "succeeded"
    upload = http.get(response.headers["location"]).json()
    assert [rendition["width"] for rendition in upload["renditions"]] == [320, 960, 1920]
    for rendition in upload["renditions"]:
        picture = http.get(rendition["url"])
        assert picture.headers["content-type"] == "image/webp"
        assert len(picture.body()) == rendition["size"]
        assert b"Secret" not in picture.body()
    original = http.get(upload["download_url"])
    assert original.body() == holiday_photo.read_bytes()
    assert original.headers["content-disposition"].startswith("attachment")
    assert json.loads(http.delete(upload["url"]).text())["status"] == 403
    assert http.delete(upload["url"], headers=headers).status == 204
    assert http.get(upload["url"]).status == 404
    assert not list((site.state_dir / "media" / "uploads" / upload["id"]).glob("*"))


def test_progress_bars_on_another_origin_can_cancel_and_retry(page, postgresql_site, holiday_photo):
    """The page has only the script and the elements that the guide shows."""
    site = postgresql_site
    sign_up(page, site, "frontend")
    http = page.context.request
    headers = {
        "X-CSRFToken": http.get(f"{site.url}/api/session/", headers=CLOSE_CONNECTION).json()["csrf_token"],
        "Referer": site.url,
        **CLOSE_CONNECTION,
    }
    photo = {"name": "holiday.jpg", "mimeType": "image/jpeg", "buffer": holiday_photo.read_bytes()}
    workers = site.processes("qcluster")
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    try:
        responses = [
            http.post(f"{site.url}/api/uploads/", multipart={"file": photo}, headers=headers) for _ in range(5)
        ]
        urls = [response.json()["job"]["url"] for response in responses]
        script = f'<script type="module" src="{site.url}/static/progress/progress-bar.js"></script>'
        bars = "".join(f'<progress-bar src="{url}"></progress-bar>' for url in urls)
        (site.state_dir / "public" / "bars.html").write_text(script + bars)
        page.goto(f"{site.dashboard_url}/bars.html")
        last = page.locator("progress-bar").last
        last.get_by_role("button", name="Cancel").click()
        expect(last).to_contain_text("Cancelled")
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
    last.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Done")).to_have_count(5, timeout=3 * TIMEOUT_MS)
    assert http.get(urls[-1]).json()["attempt"] == 1
    assert len(http.get(f"{site.url}/api/uploads/").json()[0]["renditions"]) == 3
