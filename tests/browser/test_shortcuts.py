"""Keyboard shortcuts, and the dialog that explains them."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import sign_up


@pytest.mark.usefixtures("no_errors")
def test_user_works_with_shortcuts_until_turning_them_off(page, sqlite_site, username):
    sign_up(page, sqlite_site, username)
    press, focused = page.keyboard.press, page.locator(":focus")
    title = page.get_by_label("What needs to be done?")
    for text in ("jink?", "next", "last"):  # keys in a field are text
        title.press_sequentially(text)
        title.press("Enter")
    row = {text: page.get_by_role("checkbox", name=f"Done: {text}") for text in ("jink?", "next", "last")}
    expect(row["last"]).to_be_visible()
    press("Escape")
    press("j")
    expect(row["jink?"]).to_be_focused()
    press("k")
    expect(row["jink?"]).to_be_focused()
    press("j")
    press("Control+k")
    expect(row["next"]).to_be_focused()
    press("x")
    expect(row["next"]).to_be_checked()
    expect(page.locator("#todoapp")).to_have_attribute("aria-busy", "false")
    expect(row["next"]).to_be_focused()

    page.get_by_role("link", name="Active", exact=True).click()
    expect(row["next"]).to_be_hidden()
    row["jink?"].focus()
    press("x")
    expect(row["jink?"]).to_be_hidden()
    expect(row["last"]).to_be_focused()  # its row is at the position of the row that has left the list

    press("/")
    expect(page.get_by_label("Search the list")).to_be_focused()
    press("Escape")
    press("n")
    expect(title).to_be_focused()
    press("Escape")
    press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    press("n")
    press("Escape")
    expect(dialog).to_be_hidden()
    expect(focused).to_have_count(0)  # the key n did nothing
    press("j")
    press("e")
    panel = page.get_by_role("dialog", name="To-do")
    expect(panel.get_by_label("Title")).to_be_focused()
    press("Escape")
    expect(panel).to_be_hidden()
    for keys, path in (
        ("gf", "/uploads/"),
        ("ga", "/progress/"),
        ("gt", "/todos/"),
        ("gf", "/uploads/"),
        ("n", "/todos/"),
    ):
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_load_state()
        press("Escape")
        for key in keys:
            press(key)
        page.wait_for_url(f"**{path}")
    expect(title).to_be_focused()

    page.goto(f"{sqlite_site.url}/accounts/settings/")
    page.get_by_role("checkbox", name="Keyboard shortcuts").uncheck()
    page.get_by_role("button", name="Save appearance").click()
    expect(page.get_by_role("checkbox", name="Keyboard shortcuts")).not_to_be_checked()
    press("?")
    menu = page.locator(".account-menu summary")
    menu.click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(dialog.get_by_text("Shortcuts are off.")).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(menu).to_be_focused()
