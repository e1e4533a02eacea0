"""Hiding completed to-dos, which are then folded under a heading at the end of the list."""

from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible_and_fits
from tests.browser.todos.helpers import TITLES, expect_saved


def test_completed_todos_are_hidden_in_a_section_and_follow_changes(devices):
    here, there = devices
    here.row(TITLES[1]).locator(".toggle").click()
    expect_saved(here.page)
    here.page.locator(".list-menu summary").click()
    here.page.get_by_role("button", name="Hide completed").click()
    expect(here.titles).to_have_text([TITLES[0], TITLES[2]])
    section = here.page.locator("#completed-section")
    section.get_by_role("link", name="Completed (1)").press("Enter")
    expect(section.locator("label")).to_have_text([TITLES[1]])
    expect(section.get_by_role("link", name="Completed (1)")).to_be_focused()
    expect(here.titles).to_have_text([TITLES[0], TITLES[2], TITLES[1]])
    assert_accessible_and_fits(here.page)

    here.row(TITLES[0]).locator(".toggle").click()
    expect(section.locator("label")).to_have_text(TITLES[:2])
    expect(section.get_by_role("link", name="Completed (2)")).to_be_visible()
    here.add("water the plants")
    expect(here.titles).to_have_text([TITLES[2], "water the plants", *TITLES[:2]])
    there.row(TITLES[1]).locator(".toggle").click()
    expect(here.titles).to_have_text([TITLES[1], TITLES[2], "water the plants", TITLES[0]])
    here.row(TITLES[0]).locator(".toggle").click()
    expect(here.titles).to_have_text([*TITLES, "water the plants"])
    expect(section.get_by_role("heading")).to_be_hidden()
    expect(here.page.locator("#todo-list label")).to_have_count(4)

    here.page.locator(".toggle-all").click()
    expect(section.locator("label")).to_have_text([*TITLES, "water the plants"])
    expect(here.page.get_by_text("Everything is done.")).to_be_visible()
    section.get_by_role("link", name="Completed (4)").click()
    expect(here.rows).to_have_count(0)
    there.row(TITLES[2]).locator(".toggle").click()
    expect(here.titles).to_have_text([TITLES[2]])
    here.row(TITLES[2]).locator(".toggle").click()
    expect(here.rows).to_have_count(0)

    here.page.locator(".list-menu summary").click()
    here.page.get_by_role("button", name="Show completed").click()
    expect(here.titles).to_have_text([*TITLES, "water the plants"])
