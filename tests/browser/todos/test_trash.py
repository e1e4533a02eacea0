"""The trash, with and without JavaScript."""

from playwright.sync_api import expect

from tests.browser.todos.helpers import TITLES


def test_todos_are_restored_and_deleted_for_good_without_javascript(todos, page, browser, sqlite_site):
    page.get_by_label("Mark all as complete").check()
    page.get_by_role("button", name="Clear completed").click()
    expect(page.get_by_text("Deleted 3 to-dos.")).to_be_visible()
    page.goto(f"{sqlite_site.url}/trash/")
    page.get_by_role("link", name="Empty trash").click()
    expect(page.get_by_role("heading", name="Delete 3 to-dos for good?")).to_be_visible()

    context = browser.new_context(storage_state=page.context.storage_state(), java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{sqlite_site.url}/trash/")
    page.get_by_role("button", name=f"Restore {TITLES[0]}").click()
    expect(page.get_by_text(f"Restored “{TITLES[0]}”.")).to_be_visible()
    page.get_by_role("link", name=f"Delete for good: {TITLES[1]}").click()
    page.get_by_role("link", name="Cancel").click()
    page.get_by_role("link", name="Empty trash").click()
    expect(page.get_by_role("heading", name="Delete 2 to-dos for good?")).to_be_visible()
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("Deleted 2 to-dos for good.")).to_be_visible()
    expect(page.get_by_text("No deleted to-dos.")).to_be_visible()
    page.goto(f"{sqlite_site.url}/todos/")
    expect(page.locator(".todo-list label")).to_have_text([TITLES[0]])
    context.close()
