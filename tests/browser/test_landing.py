"""The recorded job on the landing page, and the buttons that copy code."""

from playwright.sync_api import expect

SECONDS = 9  # more than the recording takes


def test_landing_page_plays_a_recording_and_copies_a_command(page, sqlite_site, no_errors):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.emulate_media(reduced_motion="no-preference")
    page.clock.install(time=0)
    page.clock.pause_at(1)
    page.goto(sqlite_site.url)
    demo = page.locator("#demo")
    bar, again = demo.locator("progress"), demo.get_by_role("button", name="Play again")
    height = demo.bounding_box()["height"]
    demo.scroll_into_view_if_needed()
    expect(demo.get_by_text("Starting")).to_be_visible()
    page.clock.run_for(3300)
    expect(demo.get_by_text("3137 of 9000 rows")).to_be_visible()
    page.clock.run_for(SECONDS * 1000)
    expect(bar).to_have_js_property("value", 100)
    expect(demo.get_by_text("Done")).to_be_visible()
    assert demo.bounding_box()["height"] == height
    again.click()
    expect(demo.get_by_text("Starting")).to_be_visible()

    block = page.locator("pre", has_text="make run")
    block.get_by_role("button", name="Copy").click()
    expect(block.get_by_role("status")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "make run"


def test_recording_shows_its_end_to_visitors_who_prefer_reduced_motion(page, sqlite_site):
    page.emulate_media(reduced_motion="reduce")
    page.goto(sqlite_site.url)
    page.locator("#demo").scroll_into_view_if_needed()
    expect(page.get_by_role("button", name="Play again")).to_be_visible()
    expect(page.locator("#demo progress")).to_have_js_property("value", 100)
