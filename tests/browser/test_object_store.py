"""Pictures and downloads of a site that stores its files in an object store."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Download, expect

from tests import swift
from tests.browser.conftest import sign_up
from tests.browser.site import FAST_SETTINGS, Site, running_site
from tests.helpers import photo


@pytest.fixture
def store_site(tmp_path_factory) -> Iterator[Site]:
    with (
        swift.server(tmp_path_factory.mktemp("swift")) as server,
        server.bucket() as bucket,
        running_site(tmp_path_factory.mktemp("site"), STORAGE_URL=bucket.url, **FAST_SETTINGS) as site,
    ):
        yield site


@pytest.mark.usefixtures("no_errors")
def test_browser_loads_pictures_and_downloads_from_the_store(page, store_site):
    sign_up(page, store_site, "store")
    token = page.request.get(f"{store_site.url}/api/session/").json()["csrf_token"]
    response = page.request.post(
        f"{store_site.url}/api/uploads/",
        headers={"X-CSRFToken": token},
        multipart={"file": {"name": "hölly.jpg", "mimeType": "image/jpeg", "buffer": photo()}},
    )
    assert response.status == 202, response.text()

    with page.expect_response(lambda response: response.url.startswith("http://127.0.0.1")) as picture:
        page.goto(f"{store_site.url}/uploads/{response.json()['id']}/")
        expect(page.get_by_role("img", name="hölly.jpg")).to_be_visible()
    assert picture.value.headers["content-type"] == "image/webp"
    page.wait_for_function("() => document.querySelector('.page-picture img').naturalWidth > 0")

    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert_photo(download.value)
    page.goto(f"{store_site.url}/uploads/")
    page.get_by_role("checkbox", name="Select hölly.jpg").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert_photo(download.value)


def assert_photo(download: Download) -> None:
    assert download.suggested_filename == "hölly.jpg"
    assert Path(download.path()).read_bytes() == photo()
