"""Uploads from choosing, dropping or pasting files to finished uploads: progress, pauses, reloads, accessibility."""

import os

import pytest
from playwright.sync_api import expect

from tests.browser.accessibility import assert_accessible_and_fits
from tests.browser.network import SLOW
from tests.browser.uploads.helpers import (
    LABEL,
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
    tus_requests,
)


@pytest.mark.usefixtures("no_errors")
def test_bar_shows_only_acknowledged_bytes_and_then_processing(page, network, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "one-bar")
    path = make_file(tmp_path)
    network.throttle(SLOW)
    choose_files(page, path)
    expect_partly_sent(page, "data.bin")
    expect(row(page, "data.bin")).to_contain_text("Uploading")
    expect(row(page, "data.bin")).to_contain_text(" of 1 MB · ")
    expect_cards(page, "data.bin")
    assert_stored_unchanged(page, sqlite_site, path)

    drawn = page.evaluate("window.drawn")
    values = [step["value"] for step in drawn]
    assert values == sorted(values)
    assert values[-1] == 100
    assert 100 not in values[:-1]
    assert len([value for value in values if 0 < value < 50]) >= 1
    assert all(min(step["value"], 50) <= 50 * step["acknowledged"] / 1_000_000 for step in drawn)


@pytest.mark.usefixtures("no_errors")
def test_twenty_uploads_continue_after_a_reload(page, network, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "twenty")
    paths = [make_file(tmp_path, f"{number}.bin", 200_000) for number in range(20)]
    network.throttle(SLOW)
    choose_files(page, *paths)
    expect(page.get_by_text("Waiting for other files")).not_to_have_count(0)
    expect(page.locator(".file")).not_to_have_count(0)
    assert page.locator("#rows .row").count() >= 10
    expect(page.locator("#rows .bar-stage").get_by_text("Uploading")).not_to_have_count(0)
    assert page.locator("#rows .bar-stage").get_by_text("Uploading").count() <= 3
    page.wait_for_function(UNLOADS_WITHOUT_CONFIRMATION)
    page.reload()
    network.throttle()
    expect(page.get_by_text("Choose the same file")).to_have_count(0)
    expect_cards(page, *(path.name for path in paths))
    assert_stored_unchanged(page, sqlite_site, *paths)


def test_upload_can_be_paused_resumed_and_cancelled(page, network, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "pause")
    path, other = make_file(tmp_path), make_file(tmp_path, "other.bin")
    send_partly(page, network, path, other)
    page.get_by_role("button", name="Pause: data.bin").focus()
    page.keyboard.press("Enter")
    expect(row(page, "data.bin")).to_contain_text("Paused")
    expect(page.get_by_role("button", name="Resume: data.bin")).to_be_focused()
    page.get_by_role("button", name="Cancel: other.bin").click()
    expect(row(page, "other.bin")).to_have_count(0)
    expect(page.get_by_role("status").get_by_text("data.bin: Paused")).to_have_count(1)
    network.throttle()
    page.keyboard.press("Enter")
    expect_cards(page, "data.bin")
    expect(page.get_by_role("link", name="data.bin").last).to_be_focused()
    assert len(tus_requests(page, "DELETE")) == 1
    assert_stored_unchanged(page, sqlite_site, path)


def test_empty_file_is_sent(page, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "nothing")
    path = make_file(tmp_path, "empty.bin", 0)
    choose_files(page, path)
    expect_cards(page, "empty.bin")
    assert_stored_unchanged(page, sqlite_site, path)


def test_dropped_files_and_directories_are_uploaded(page, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "drop")
    (tmp_path / "directory" / "inner").mkdir(parents=True)
    paths = [make_file(tmp_path, name, 10_000) for name in ("a.bin", "directory/b.bin", "directory/inner/c.bin")]
    drop(page, tmp_path / "a.bin", tmp_path / "directory")
    expect(page.locator("html")).not_to_have_class("dragging")
    expect_cards(page, "a.bin", "b.bin", "c.bin")
    assert_stored_unchanged(page, sqlite_site, *paths)


def test_pasted_file_is_uploaded(page, sqlite_site):
    open_uploads(page, sqlite_site, "paste")
    page.evaluate(
        """() => {
            const clipboardData = new DataTransfer();
            clipboardData.items.add(new File(["pasted"], "note.txt", { type: "text/plain" }));
            const event = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
            document.body.dispatchEvent(event);
        }"""
    )
    expect_cards(page, "note.txt")


def test_reload_needs_confirmation_if_a_file_cannot_be_kept(page, network, sqlite_site, tmp_path):
    page.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
    open_uploads(page, sqlite_site, "unkept")
    path = make_file(tmp_path)
    send_partly(page, network, path)
    dialogs = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.type), dialog.accept()))
    page.reload()
    network.throttle()
    assert dialogs == ["beforeunload"]
    expect(page.get_by_role("button", name="Choose the same file to continue: data.bin")).to_be_visible()
    choose_files(page, path)
    expect_cards(page, "data.bin")
    assert_stored_unchanged(page, sqlite_site, path)


def test_rows_in_all_states_are_accessible(page, network, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "rows")
    network.throttle(5_000)
    paths = [make_file(tmp_path, f"{'unbreakable' * 9}{number}.bin", 100_000 * number) for number in range(6)]
    os.truncate(paths[0], 2 * 10**9)
    choose_files(page, *paths)
    stages = page.locator("#rows .bar-stage")
    expect(stages.get_by_text("Uploading")).to_have_count(3)
    page.get_by_role("button", name="Pause").last.click()
    expect(stages.get_by_text("Paused")).to_have_count(1)
    expect(stages.get_by_text("Failed: This file is larger than")).to_have_count(1)
    buttons = page.locator("#rows button:visible")
    assert sorted(buttons.all_inner_texts()) == ["Cancel"] * 5 + ["Dismiss"] + ["Pause"] * 4 + ["Resume"]
    assert_accessible_and_fits(page)
    expect(page.get_by_label(LABEL)).to_be_visible()
