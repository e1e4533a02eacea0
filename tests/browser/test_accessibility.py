"""All pages: accessibility in light and dark, the width of phones, and use by keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import LOOKS, assert_accessible_and_fits, assert_no_sideways_scrolling
from tests.browser.conftest import sign_up

PUBLIC_PATHS = [
    *("/", "/nowhere/", "/429.html", "/50x.html"),
    *("/guide/", "/guide/architecture/", "/guide/tasks/", "/guide/cors/", "/guide/server/"),
    *("/accounts/login/", "/accounts/signup/", "/accounts/password_reset/"),
]
USER_PATHS = [
    "/todos/",
    "/todos/import/",
    "/uploads/",
    "/progress/",
    "/accounts/password_change/",
    "/accounts/settings/",
]

NAME_OF_FOCUSED = """() => {
    const { ariaLabel, ariaLabelledByElements, innerText } = document.activeElement;
    return ariaLabel ?? ariaLabelledByElements?.map((element) => element.textContent).join(" ") ?? innerText;
}"""
FOCUS_IS_VISIBLE = """
document.activeElement === document.body || [document.activeElement, document.activeElement.parentElement].some(
    (element) => {
        const { outlineStyle, outlineColor } = getComputedStyle(element);
        return outlineStyle !== "none" && outlineColor !== "rgba(0, 0, 0, 0)";
    }
)
"""


@pytest.mark.slow
def test_pages_are_accessible_and_fit(page, sqlite_site, holiday_photo):
    for path in PUBLIC_PATHS:
        page.goto(sqlite_site.url + path)
        assert_accessible_and_fits(page)
    page.goto(sqlite_site.dashboard_url)
    expect(page.get_by_text("You are not logged in.")).to_be_visible()
    assert_accessible_and_fits(page)

    sign_up(page, sqlite_site, "look")
    for title in ("Short", "An_unbreakable_title_" * 20):
        page.get_by_label("What needs to be done?").fill(title)
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name=f"Edit {title}")).to_be_visible()
    page.get_by_role("checkbox", name="Done: Short").click()
    page.get_by_role("link", name="Files").click()
    page.get_by_label("Drop photos or other files").set_input_files(holiday_photo)
    page.locator(".file h2").get_by_role("link", name="holiday.jpg").click()
    page.wait_for_url("**/uploads/*-*/")
    assert_accessible_and_fits(page)
    expect(page.get_by_role("dialog").get_by_role("img", name="holiday.jpg")).to_be_visible()
    for path in [page.url.removeprefix(sqlite_site.url), *USER_PATHS]:
        page.goto(sqlite_site.url + path)
        assert_accessible_and_fits(page)
    page.goto(sqlite_site.dashboard_url)
    expect(page.locator("due-list li")).to_have_count(1)
    assert_accessible_and_fits(page)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    for _, width in LOOKS:
        page.set_viewport_size({"width": width, "height": 800})
        assert_no_sideways_scrolling(page)


def test_keyboard_reaches_all_controls_and_focus_is_visible(page, sqlite_site):
    sign_up(page, sqlite_site, "keys")
    expect(page.get_by_label("What needs to be done?")).to_be_focused()
    page.keyboard.type("Buy milk")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Edit Buy milk")).to_be_visible()
    page.get_by_role("link", name="Skip to content").focus()
    reached = []
    for _ in range(17):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(NAME_OF_FOCUSED))
        assert page.evaluate(FOCUS_IS_VISIBLE), reached[-1]
    for control in (
        "To-dos",
        "Files",
        "Account",
        "Move Buy milk",
        "Done: Buy milk",
        "Edit Buy milk",
        "Delete Buy milk",
    ):
        assert any(control in name for name in reached), (control, reached)
    menu = page.locator(".account-menu")
    menu.locator("summary").press("Enter")
    expect(menu.get_by_role("button", name="Log out")).to_be_visible()
    page.keyboard.press("Tab")
    expect(menu.get_by_role("link", name="Settings")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu.get_by_role("button", name="Log out")).to_be_hidden()
    expect(menu.locator("summary")).to_be_focused()
