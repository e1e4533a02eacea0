"""Layout shifts of a loaded page. Those of pages that are loading are checked in each state (see states/)."""

from playwright.sync_api import expect

from tests.browser.conftest import sign_up
from tests.browser.states.checks import MEASURE_SHIFTS, SIZES, assert_stable, resize


def test_dashboard_is_stable_when_the_site_stops_responding(page, sqlite_site):
    page.set_viewport_size({"width": 375, "height": 667})
    sign_up(page, sqlite_site, "a-name-that-needs-more-than-a-line-of-its-own-on-a-phone")
    page.goto(sqlite_site.dashboard_url)
    panel, notice = page.locator("due-list"), page.locator(".notice", has_text="doesn't respond")
    expect(panel).to_be_visible()
    before = panel.bounding_box()
    page.route(f"{sqlite_site.url}/**", lambda route: route.abort())
    page.evaluate("dispatchEvent(new Event('focus'))")
    expect(notice).to_be_visible()
    expect(notice).to_be_in_viewport(ratio=1)
    assert panel.bounding_box() == before
    page.unroute_all()
    notice.get_by_role("button", name="Try now").click()
    expect(notice).to_be_hidden()
    assert panel.bounding_box() == before


def test_files_are_stable_when_a_script_shows_unfinished_uploads(page, sqlite_site, username):
    sign_up(page, sqlite_site, username)
    http = page.context.request
    headers = {"X-CSRFToken": http.get(f"{sqlite_site.url}/api/session/").json()["csrf_token"]}
    file = {"name": "a.txt", "mimeType": "text/plain", "buffer": b"a"}
    assert http.post(f"{sqlite_site.url}/api/uploads/", headers=headers, multipart={"file": file}).status == 202
    headers |= {"Tus-Resumable": "1.0.0", "Upload-Length": "1000", "Upload-Metadata": "filename Yi50eHQ="}
    assert http.post(f"{sqlite_site.url}/api/tus", headers=headers).status == 201
    page.add_init_script(MEASURE_SHIFTS)
    for width in SIZES:
        resize(page, width)
        page.goto(f"{sqlite_site.url}/uploads/")
        expect(page.get_by_role("button", name="Choose the same file to continue: b.txt")).to_be_visible()
        assert_stable(page)
