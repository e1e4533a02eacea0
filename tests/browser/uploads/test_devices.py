"""Uploads of one file from several devices or tabs of a user."""

from playwright.sync_api import expect

from tests.browser.network import SLOWER, Network
from tests.browser.uploads.helpers import (
    UNLOADS_WITHOUT_CONFIRMATION,
    assert_stored_unchanged,
    choose_files,
    drop,
    expect_cards,
    expect_partly_sent,
    make_file,
    open_uploads,
    row,
    send_partly,
)
from tests.faults.cluster import wait_until

RECORD_STAGES = """
new MutationObserver(() => {
  for (const stage of document.querySelectorAll(".row .bar-stage")) sessionStorage.stages += `|${stage.textContent}`;
}).observe(document, { subtree: true, childList: true, characterData: true });
"""


def test_upload_continues_on_another_device_only_with_the_same_file(
    page, network, sqlite_site, tmp_path, another_device
):
    open_uploads(page, sqlite_site, "devices")
    path = make_file(tmp_path)
    send_partly(page, network, path)
    page.get_by_role("button", name="Pause: data.bin").click()
    expect(row(page, "data.bin")).to_contain_text("Paused")

    other = another_device("devices")
    expect_partly_sent(other, "data.bin")
    wrong = make_file(tmp_path, "wrong.bin")
    with other.expect_file_chooser() as chooser:
        other.get_by_role("button", name="Choose the same file to continue: data.bin").click()
    chooser.value.set_files(wrong)
    expect(row(other, "data.bin")).to_contain_text("You chose wrong.bin")
    drop(other, path)
    expect_cards(other, "data.bin")
    assert_stored_unchanged(other, sqlite_site, path)
    page.get_by_role("button", name="Resume: data.bin").click()
    expect_cards(page, "data.bin")


def test_row_names_another_device_while_it_sends(page, network, sqlite_site, tmp_path, another_device):
    open_uploads(page, sqlite_site, "following")
    path = make_file(tmp_path)
    send_partly(page, network, path)
    other = another_device("following")
    expect(row(other, "data.bin")).to_contain_text("Uploading from another device")
    page.get_by_role("button", name="Pause: data.bin").click()
    expect(row(other, "data.bin")).to_contain_text("Unfinished")
    other.reload()
    page.get_by_role("button", name="Resume: data.bin").click()
    network.throttle()
    expect_cards(page, "data.bin")


def test_upload_finished_on_another_device_during_loading_is_shown_once(
    page, network, sqlite_site, tmp_path, another_device
):
    """The page is rendered before the upload ends, and its script fetches the list after that."""
    open_uploads(page, sqlite_site, "ending")
    path = make_file(tmp_path)
    send_partly(page, network, path)
    other = another_device("ending")

    def finish(route):
        expect(other.get_by_role("button", name="Discard data.bin")).to_have_count(1)
        network.throttle()
        expect_cards(page, "data.bin")
        route.continue_()

    other.route("**/api/tus", finish)
    other.reload()
    expect_cards(other, "data.bin")
    expect(other.get_by_role("heading", name="Unfinished")).to_have_count(0)


def test_file_sent_by_two_devices_is_stored_unchanged(page, network, sqlite_site, tmp_path, another_device):
    open_uploads(page, sqlite_site, "both")
    path = make_file(tmp_path, size=2_000_000)
    send_partly(page, network, path)
    other = another_device("both")
    other_network = Network(other)
    other_network.throttle(SLOWER)
    choose_files(other, path)
    expect_one_device_to_wait(page, other)
    network.throttle()
    other_network.throttle()
    expect_cards(other, "data.bin")
    expect_cards(page, "data.bin")
    assert_stored_unchanged(page, sqlite_site, path)


def expect_one_device_to_wait(*pages) -> None:
    message = "Uploading from another device"
    wait_until(lambda: any(row(page, "data.bin").get_by_text(message).count() for page in pages))


def test_upload_continues_after_another_device_stopped_sending(page, network, sqlite_site, tmp_path, another_device):
    open_uploads(page, sqlite_site, "left")
    path = make_file(tmp_path, size=1_500_000)
    send_partly(page, network, path)
    other = another_device("left")
    Network(other).throttle(SLOWER)
    choose_files(other, path)
    expect_one_device_to_wait(page, other)
    other.close()
    network.throttle()
    expect_cards(page, "data.bin")
    assert_stored_unchanged(page, sqlite_site, path)


def test_resumed_upload_does_not_mistake_its_own_device_for_another(page, network, sqlite_site, tmp_path):
    """The server still stores bytes of the aborted request, so the offset that it reports is soon outdated."""
    open_uploads(page, sqlite_site, "resuming")
    page.add_init_script(RECORD_STAGES)
    page.reload()
    path = make_file(tmp_path, size=3_000_000)
    send_partly(page, network, path)
    for _ in range(3):
        page.get_by_role("button", name="Pause: data.bin").click()
        page.get_by_role("button", name="Resume: data.bin").click()
    page.reload()
    network.throttle()
    expect_cards(page, "data.bin")
    assert_stored_unchanged(page, sqlite_site, path)
    assert "another device" not in page.evaluate("sessionStorage.stages")


def test_only_one_of_two_tabs_sends_a_file(page, network, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "tabs")
    path = make_file(tmp_path)
    send_partly(page, network, path)
    page.wait_for_function(UNLOADS_WITHOUT_CONFIRMATION)
    other = page.context.new_page()
    other.goto(page.url)
    expect(row(other, "data.bin")).to_contain_text("Uploading in another tab")
    network.throttle()
    expect_cards(page, "data.bin")
    expect_cards(other, "data.bin")
    assert_stored_unchanged(page, sqlite_site, path)
