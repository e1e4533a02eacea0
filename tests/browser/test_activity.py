"""The page of all jobs, while jobs are enqueued and run."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CLOSE_CONNECTION, sign_up
from tests.helpers import photo


def send(page, site, name: str, content: bytes) -> None:
    """Upload a file by the API, as another device would."""
    token = page.context.request.get(f"{site.url}/api/session/", headers=CLOSE_CONNECTION).json()["csrf_token"]
    response = page.context.request.post(
        f"{site.url}/api/uploads/",
        headers={"X-CSRFToken": token, **CLOSE_CONNECTION},
        multipart={"file": {"name": name, "mimeType": "image/jpeg", "buffer": content}},
    )
    assert response.status == 202


@pytest.mark.usefixtures("no_errors")
def test_new_jobs_appear_and_move_to_their_groups_without_a_reload(page, sqlite_site, username):
    sign_up(page, sqlite_site, username)
    page.goto(f"{sqlite_site.url}/progress/")
    expect(page.get_by_text("Nothing is running.")).to_be_visible()
    page.evaluate("window.isSamePage = true")
    send(page, sqlite_site, "good.jpg", photo())
    done = page.get_by_role("region", name="Done")
    expect(done.get_by_role("link", name="Processing good.jpg", exact=True)).to_be_visible()
    send(page, sqlite_site, "broken.jpg", photo()[:500])
    failed = page.get_by_role("region", name="Failed")
    expect(failed.get_by_role("link", name="Processing broken.jpg")).to_be_visible()
    expect(done.get_by_role("listitem")).to_have_count(1)
    assert page.evaluate("window.isSamePage")
    for link in (failed.get_by_role("link", name="Processing broken.jpg"), done.get_by_role("link").first):
        page.keyboard.press("j")
        expect(link).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Activity").click()
    page.wait_for_url("**/progress/")
