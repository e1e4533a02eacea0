"""The main job, end to end: sign up, keep a to-do, upload a photo, watch it being processed."""

import json
import os
import signal

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CLOSE_CONNECTION, TIMEOUT_MS, sign_up, sign_up_on_page
from tests.faults.cluster import freeze

RECORD = """
window.seen = [];
document.addEventListener("progress", ({detail}) => window.seen.push(detail));
"""


@pytest.mark.usefixtures("no_errors")
def test_the_main_flow(page, site, holiday_photo):
    sign_up_on_page(page, site, "flow")

    page.get_by_label("What is to be done?").fill("Print the holiday photos")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 item left")).to_be_visible()
    page.get_by_role("checkbox", name="Done: Print the holiday photos").click()
    expect(page.get_by_text("0 items left")).to_be_visible()

    page.add_init_script(RECORD)
    page.get_by_role("link", name="Uploads").click()
    page.get_by_label("A photo or any other file").set_input_files(holiday_photo)
    expect(page.get_by_role("progressbar", name="Processing holiday.jpg")).to_be_visible()
    expect(page.locator(".card")).to_be_visible()
    seen = page.evaluate("window.seen")
    percents = [job["percent"] for job in seen if job["percent"] is not None]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    assert len(set(percents)) >= 3, f"the bar did not move: {percents}"
    assert 100 not in [job["percent"] for job in seen[:-1]]
    assert seen[-1]["state"] == "succeeded"

    page.locator(".card").get_by_role("heading").get_by_role("link", name="holiday.jpg").click()

    picture = page.get_by_role("img", name="holiday.jpg")
    expect(picture).to_be_visible()
    page.wait_for_function("() => document.querySelector('img.large').naturalWidth > 0")
    assert picture.evaluate("image => image.naturalHeight > image.naturalWidth")
    expect(page.get_by_text("3000 × 4000")).to_be_visible()
    expect(page.get_by_role("progressbar")).to_have_count(0)

    page.get_by_role("link", name="All uploads").click()
    expect(page.get_by_role("img", name="holiday.jpg")).to_be_visible()


def test_the_flow_without_javascript(browser, sqlite_site, holiday_photo):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    sign_up_on_page(page, sqlite_site, "plain")

    page.get_by_label("What is to be done?").fill("Print the holiday photos")
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

    page.get_by_role("link", name="Uploads").click()
    page.get_by_label("A photo or any other file").set_input_files(holiday_photo)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("img", name="holiday.jpg")).to_be_visible()  # the page has reloaded itself
    expect(page.get_by_role("progressbar")).to_have_count(0)
    context.close()


def test_a_program_uploads_and_polls(page, site, holiday_photo):
    """What a front end does, with nothing but HTTP."""
    sign_up(page, site, "program")
    http = page.context.request
    token = http.get(f"{site.url}/api/session/", headers=CLOSE_CONNECTION).json()["csrf_token"]
    headers = {"X-CSRFToken": token, "Referer": site.url, **CLOSE_CONNECTION}
    with holiday_photo.open("rb") as photo:
        file = {"name": "holiday.jpg", "mimeType": "image/jpeg", "buffer": photo.read()}
    answer = http.post(f"{site.url}/api/uploads/", multipart={"file": file}, headers=headers)
    assert answer.status == 202
    job_url = answer.json()["job"]["url"]
    states = ["queued"]
    for _ in range(600):
        states.append(http.get(job_url).json()["state"])
        if states[-1] not in ("queued", "running"):
            break
        page.wait_for_timeout(100)
    assert states[-1] == "succeeded"
    upload = http.get(answer.headers["location"]).json()
    assert [made["width"] for made in upload["renditions"]] == [320, 960, 1920]
    for made in upload["renditions"]:
        picture = http.get(made["url"])
        assert picture.headers["content-type"] == "image/webp"
        assert len(picture.body()) == made["size"]
        assert b"Secret" not in picture.body()
    original = http.get(upload["download_url"])
    assert original.body() == holiday_photo.read_bytes()
    assert original.headers["content-disposition"].startswith("attachment")
    assert json.loads(http.delete(upload["url"]).text())["status"] == 403
    assert http.delete(upload["url"], headers=headers).status == 204
    assert http.get(upload["url"]).status == 404
    assert not list((site.state_dir / "media" / "uploads" / upload["id"]).glob("*"))


def test_one_script_and_a_url_on_another_origin_show_cancel_and_try_again(page, sqlite_site, holiday_photo):
    """The page has only the script and the element that the guide shows."""
    sign_up(page, sqlite_site, "frontend")
    http = page.context.request
    headers = {
        "X-CSRFToken": http.get(f"{sqlite_site.url}/api/session/", headers=CLOSE_CONNECTION).json()["csrf_token"],
        "Referer": sqlite_site.url,
        **CLOSE_CONNECTION,
    }
    photo = {"name": "holiday.jpg", "mimeType": "image/jpeg", "buffer": holiday_photo.read_bytes()}
    workers = sqlite_site.processes("qcluster")
    freeze(*workers, sqlite=sqlite_site.state_dir / "headway.sqlite3")
    try:
        answers = [
            http.post(f"{sqlite_site.url}/api/uploads/", multipart={"file": photo}, headers=headers) for _ in range(5)
        ]
        urls = [answer.json()["job"]["url"] for answer in answers]
        script = f'<script type="module" src="{sqlite_site.url}/static/progress/progress-bar.js"></script>'
        bars = "".join(f'<progress-bar src="{url}"></progress-bar>' for url in urls)
        (sqlite_site.state_dir / "public" / "mine.html").write_text(script + bars)
        page.goto(f"{sqlite_site.dashboard_url}/mine.html")
        last = page.locator("progress-bar").last
        last.get_by_role("button", name="Cancel").click()
        expect(last).to_contain_text("Cancelled")
    finally:
        for worker in workers:
            os.kill(worker, signal.SIGCONT)
    last.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Done")).to_have_count(5, timeout=3 * TIMEOUT_MS)
    assert http.get(urls[-1]).json()["attempt"] == 1
    assert len(http.get(f"{sqlite_site.url}/api/uploads/").json()[0]["renditions"]) == 3
