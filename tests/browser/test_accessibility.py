"""Use by keyboard. The states of all pages have checks of what else makes them accessible (see states/)."""

from playwright.sync_api import expect

from tests.browser.conftest import sign_up

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
