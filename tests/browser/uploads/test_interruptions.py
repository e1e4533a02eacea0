"""Uploads that are interrupted or rejected by the network, a server, a proxy, an expired session or a changed file."""

import hashlib
from contextlib import ExitStack, closing
from copy import copy
from types import SimpleNamespace

import pytest
from playwright.sync_api import Page, expect

from tests import nginx
from tests.browser.conftest import TIMEOUT_MS, log_in, sign_up_on_page
from tests.browser.network import SLOW, Network
from tests.browser.site import FAST_SETTINGS, running_site
from tests.browser.uploads.helpers import (
    assert_stored_unchanged,
    choose_files,
    expect_cards,
    make_file,
    open_uploads,
    row,
    send_partly,
    tus_requests,
)


@pytest.fixture(scope="module")
def own_site(tmp_path_factory):
    """A site that its tests may restart, with low limits and two names.

    Browsers treat the origin of localhost as secure, but not that of the other name.
    """
    settings = {
        **FAST_SETTINGS,
        "ALLOWED_HOSTS": "localhost,app.example.test",
        "MAX_UPLOAD_BYTES": "4000000",
        "USER_QUOTA_BYTES": "6000000",
    }
    with running_site(tmp_path_factory.mktemp("own"), **settings) as site:
        yield site


on_own_site = pytest.mark.xdist_group("own site for uploads")


def test_upload_continues_after_the_network_was_lost(page, network, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "offline")
    path = make_file(tmp_path)
    send_partly(page, network, path)
    network.throttle(offline=True)
    expect(row(page, "data.bin")).to_contain_text("No connection, continues automatically")
    network.throttle()
    expect_cards(page, "data.bin")
    assert_stored_unchanged(page, sqlite_site, path)
    values = [step["value"] for step in page.evaluate("window.drawn")]
    assert values == sorted(values)


@on_own_site
def test_uploads_continue_after_the_server_was_restarted(page, network, own_site, tmp_path):
    open_uploads(page, own_site, "restart")
    paths = [make_file(tmp_path, f"{number}.bin") for number in range(3)]
    send_partly(page, network, *paths)
    own_site.stop()
    expect(row(page, "1.bin")).to_contain_text("No connection, continues automatically")
    network.throttle()
    own_site.start()
    expect_cards(page, *(path.name for path in paths))
    assert_stored_unchanged(page, own_site, *paths)


def test_rejected_upload_shows_the_reason_and_can_be_retried(page, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "retry")
    path = make_file(tmp_path)
    full = {"status": 507, "detail": "The disk of this site is full."}
    page.route("**/api/tus/*", lambda route: route.fulfill(status=507, json=full))
    choose_files(page, path)
    expect(row(page, "data.bin")).to_contain_text("Failed: The disk of this site is full.")
    page.unroute("**/api/tus/*")
    page.get_by_role("button", name="Try again: data.bin").click()
    expect_cards(page, "data.bin")
    assert_stored_unchanged(page, sqlite_site, path)


@on_own_site
def test_file_over_a_limit_is_rejected_before_any_request(page, own_site, tmp_path):
    open_uploads(page, own_site, "limits")
    choose_files(page, make_file(tmp_path, "huge.bin", 4_000_001))
    expect(row(page, "huge.bin")).to_contain_text("larger than 4 MB, the limit on this server")
    assert tus_requests(page, "POST") == []
    sizes = {"first.bin": 3_500_000, "second.bin": 3_000_000, "third.bin": 2_000_000}
    paths = [make_file(tmp_path, name, size) for name, size in sizes.items()]
    choose_files(page, *paths)
    expect(row(page, "second.bin")).to_contain_text("it needs 3 MB, and you have 2.5 MB left")
    expect(page.locator(".file")).to_have_count(2)
    assert len(tus_requests(page, "POST")) == 2
    for name in ("Dismiss: huge.bin", "Dismiss: second.bin"):
        page.get_by_role("button", name=name).click()
    expect_cards(page, "first.bin", "third.bin")
    page.reload()
    choose_files(page, paths[1])
    expect(row(page, "second.bin")).to_contain_text("you have 500 kB left")
    assert tus_requests(page, "POST") == []


@pytest.fixture
def behind_proxy(page, sqlite_site, tmp_path_factory):
    """Return a function that opens the uploads behind a proxy which limits the size of requests.

    The function returns the proxied site and a list of the responses with status 413.
    """
    with ExitStack() as stack:

        def open_uploads_behind(limit: str, name: str):
            directory = tmp_path_factory.mktemp("proxy")
            url = stack.enter_context(nginx.limiting_proxy(directory, sqlite_site.port, limit))
            rejected = []
            page.on("response", lambda response: rejected.append(response) if response.status == 413 else None)
            proxied = SimpleNamespace(url=url)
            open_uploads(page, proxied, name)
            return proxied, rejected

        yield open_uploads_behind


def test_request_rejected_by_a_proxy_is_halved_and_the_limit_is_kept(page, tmp_path, behind_proxy):
    site, rejected = behind_proxy("1m", "proxied")
    first, second = make_file(tmp_path, "first.bin", 8_000_000), make_file(tmp_path, "second.bin", 6_000_000)
    choose_files(page, first)
    expect_cards(page, "first.bin")
    assert 1 <= len(rejected) <= 3
    rejections = len(rejected)
    choose_files(page, second)
    expect_cards(page, "first.bin", "second.bin")
    assert len(rejected) == rejections
    assert_stored_unchanged(page, site, first, second)


def test_error_names_a_proxy_rejecting_the_smallest_request(page, tmp_path, behind_proxy):
    _, rejected = behind_proxy("16k", "narrow-proxy")
    choose_files(page, make_file(tmp_path))
    expect(row(page, "data.bin")).to_contain_text("Failed: A proxy in front of this site rejects even small requests")
    assert len(rejected) == 3  # requests of 128, 64 and 32 KiB
    expect(page.get_by_role("button", name="Try again: data.bin")).to_be_visible()


def clear_cookie(page, name: str) -> None:
    """Clear a cookie whose name may have the prefix `__Host-`, as in production."""
    (found,) = (cookie["name"] for cookie in page.context.cookies() if cookie["name"] in (name, f"__Host-{name}"))
    page.context.clear_cookies(name=found)


def test_upload_continues_after_a_new_login(page, network, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "expired")
    path = make_file(tmp_path)
    send_partly(page, network, path)
    clear_cookie(page, "sessionid")
    network.throttle(SLOW)
    expect(row(page, "data.bin")).to_contain_text("You are logged out")
    network.throttle()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Log in (opens a new tab)").click()
    log_in(opened.value, "expired")
    expect_cards(page, "data.bin")
    assert_stored_unchanged(page, sqlite_site, path)


def test_outdated_csrf_token_is_renewed(page, network, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "token")
    path = make_file(tmp_path)
    send_partly(page, network, path)
    clear_cookie(page, "csrftoken")
    network.throttle()
    expect_cards(page, "data.bin")
    assert_stored_unchanged(page, sqlite_site, path)


def test_file_changed_on_disk_is_not_continued(page, network, sqlite_site, tmp_path):
    open_uploads(page, sqlite_site, "changed")
    path = make_file(tmp_path)
    send_partly(page, network, path)
    path.write_bytes(b"other content")
    network.throttle(SLOW)
    expect(row(page, "data.bin")).to_contain_text("can no longer be read")
    make_file(tmp_path)
    network.throttle()
    choose_files(page, path)
    expect_cards(page, "data.bin")
    assert_stored_unchanged(page, sqlite_site, path)


@pytest.fixture(params=["localhost", "app.example.test"])
def uploads_page(request, launch_chromium, own_site):
    """A new user's page of uploads on a secure origin, and on an insecure one, where browsers offer fewer APIs."""
    site = copy(own_site)
    site.url = f"http://{request.param}:{site.port}"
    with closing(launch_chromium("--host-resolver-rules=MAP app.example.test 127.0.0.1")) as browser:
        page = browser.new_page()
        page.set_default_timeout(TIMEOUT_MS)
        sign_up_on_page(page, site, request.param)
        page.goto(f"{site.url}/uploads/")
        assert page.evaluate("isSecureContext") is (request.param == "localhost")
        yield page


@on_own_site
def test_file_changed_in_its_middle_is_sent_as_a_new_upload(uploads_page, tmp_path):
    """The changed file has the same name, size, first bytes and last bytes."""
    page = uploads_page
    network = Network(page)
    path = make_file(tmp_path, size=2_000_000)
    before = path.read_bytes()
    send_partly(page, network, path)
    page.get_by_role("button", name="Pause: data.bin").click()
    expect(row(page, "data.bin")).to_contain_text("Paused")
    page.evaluate("indexedDB.deleteDatabase('headway-uploads')")
    network.throttle()
    page.reload()
    expect(row(page, "data.bin")).to_contain_text("Unfinished")

    (unfinished,) = get(page, "/api/tus")
    middle = unfinished["offset"] // 2
    after = before[:middle] + b"changed" + before[middle + 7 :]
    path.write_bytes(after)
    choose_files(page, path)
    expect(page.locator(".file")).to_have_count(1)
    assert checksums(page) == [hashlib.sha256(after).hexdigest()]
    assert [transfer["offset"] for transfer in get(page, "/api/tus")] == [unfinished["offset"]]

    path.write_bytes(before)
    choose_files(page, path)
    expect(page.locator(".file")).to_have_count(2)
    expect(page.locator("#rows .row")).to_have_count(0)
    assert checksums(page) == [hashlib.sha256(content).hexdigest() for content in (before, after)]
    assert get(page, "/api/tus") == []


def get(page: Page, path: str) -> list:
    return page.evaluate("path => fetch(path).then((response) => response.json())", path)


def checksums(page: Page) -> list[str]:
    """Return the checksums of all uploads once they are processed, newest first."""
    expect(page.locator(".file progress-bar")).to_have_count(0)
    return [upload["sha256"] for upload in get(page, "/api/uploads/")]
