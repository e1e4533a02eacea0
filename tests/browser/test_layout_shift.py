"""Layout shifts of a loaded page. Those of pages that are loading are checked in each state (see states/)."""

from playwright.sync_api import expect

from tests.browser.conftest import sign_up


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
