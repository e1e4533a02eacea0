"""The settings page with JavaScript: an export that finishes on the page, and the deletion of the account."""

from zipfile import ZipFile

from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD, sign_up


def test_user_exports_everything_and_deletes_the_account(page, sqlite_site):
    sign_up(page, sqlite_site, "leaver")
    page.goto(f"{sqlite_site.url}/accounts/settings/")
    page.get_by_role("button", name="Export everything").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download export").click()
    with ZipFile(download.value.path()) as archive:
        assert archive.namelist() == ["to-dos.json"]
    deletion = page.get_by_role("region", name="Delete account")
    deletion.get_by_label("Current password").fill("wrong")
    deletion.get_by_role("button", name="Delete account").click()
    expect(deletion.get_by_text("This is not your current password.")).to_be_in_viewport()
    deletion.get_by_label("Current password").fill(PASSWORD)
    deletion.get_by_role("button", name="Delete account").click()
    expect(page.get_by_role("heading", name="Account deleted")).to_be_visible()
    page.goto(f"{sqlite_site.url}/todos/")
    page.wait_for_url("**/accounts/login/?next=/todos/")
