"""Downloads through nginx with the shipped configuration. Headway checks access; nginx sends the bytes."""

from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from django.test import Client

from tests import nginx
from tests.helpers import file
from uploads.models import Upload
from uploads.receiving import ingest

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def site(live_server, state_dir: Path, tmp_path_factory):
    with nginx.server(tmp_path_factory.mktemp("nginx"), live_server.url, state_dir / "media") as url:
        yield url


@pytest.fixture
def upload(transactional_db, alice) -> Upload:
    return ingest.create_upload(alice, file(b"0123456789", "hölly.txt"))


@pytest.fixture
def download(site, upload):
    """Return a function that requests the download, or another path, from nginx with the client's session."""

    def download(client: Client, path: str = "", **headers: str):
        headers["Cookie"] = f"sessionid={client.cookies['sessionid'].value}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return urlopen(Request(site + (path or f"/uploads/{upload.pk}/download/"), headers=named), timeout=10)

    return download


def test_file_is_sent_by_nginx_with_headers_of_headway(download, as_alice, upload):
    with download(as_alice) as response:
        assert response.read() == b"0123456789"
        assert response.headers["Server"].startswith("nginx")
        assert response.headers["Content-Type"] == "application/octet-stream"
        assert response.headers["Content-Disposition"] == "attachment; filename*=utf-8''h%C3%B6lly.txt"
        assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert response.headers.get_all("ETag") == [upload.etag]
        assert response.headers["Last-Modified"]  # nginx adds it, since nginx reads the file
        assert "X-Accel-Redirect" not in response.headers


def test_range_is_sent(download, as_alice, upload):
    with download(as_alice, Range="bytes=2-4", If_Range=upload.etag) as response:
        assert response.status == 206
        assert response.headers["Content-Range"] == "bytes 2-4/10"
        assert response.read() == b"234"
    with download(as_alice, Range="bytes=2-4", If_Range='"another"') as response:
        assert response.status == 200


@pytest.mark.parametrize("condition", ["strong", "weak", "any", "date"])
def test_download_with_a_true_condition_is_sent(download, as_alice, upload, condition):
    """nginx must not evaluate the condition again, since it doesn't know the ETag."""
    with download(as_alice) as response:
        last_modified = response.headers["Last-Modified"]
    headers = {
        "strong": {"If_Match": upload.etag},
        "weak": {"If_Match": f"W/{upload.etag}"},
        "any": {"If_Match": "*"},
        "date": {"If_Unmodified_Since": last_modified},
    }[condition]
    with download(as_alice, **headers, Range="bytes=2-4") as response:
        assert (response.status, response.read()) == (206, b"234")
        assert response.headers.get_all("ETag") == [upload.etag]
        assert response.headers.get_all("Last-Modified") == [last_modified]


def test_download_with_a_false_condition_returns_an_error_page_of_headway(download, as_alice):
    with pytest.raises(HTTPError) as caught:
        download(as_alice, If_Match='"another"')
    assert caught.value.code == 412
    assert b"Reload it and try again" in caught.value.read()


@pytest.mark.parametrize(("headers", "status"), [({"If_None_Match": "the etag"}, 304), ({"Range": "bytes=10-"}, 416)])
def test_response_without_content_has_the_status_of_headway(download, as_alice, upload, headers, status):
    headers = {name: upload.etag if value == "the etag" else value for name, value in headers.items()}
    with pytest.raises(HTTPError) as caught:
        download(as_alice, **headers)
    caught.value.close()
    assert caught.value.code == status


def test_other_users_and_the_internal_path_get_404(download, as_alice, as_bob, upload):
    for client, path in ((as_bob, ""), (as_alice, f"/private-media/{upload.file.name}")):
        with pytest.raises(HTTPError) as caught:
            download(client, path)
        caught.value.close()
        assert caught.value.code == 404
