"""A real nginx sends the files, once the site has said whose they are: the shipped configuration, tried out."""

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
    """Ask for the download through nginx as this client, with these headers."""

    def download(client: Client, path: str = "", **headers: str):
        headers["Cookie"] = f"sessionid={client.cookies['sessionid'].value}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return urlopen(Request(site + (path or f"/uploads/{upload.pk}/download/"), headers=named), timeout=10)

    return download


def test_nginx_sends_the_file_and_says_what_the_site_says(download, as_alice, upload):
    with download(as_alice) as answer:
        assert answer.read() == b"0123456789"
        assert answer.headers["Server"].startswith("nginx")
        assert answer.headers["Content-Type"] == "application/octet-stream"
        assert answer.headers["Content-Disposition"] == "attachment; filename*=utf-8''h%C3%B6lly.txt"
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "private, no-cache"
        assert answer.headers.get_all("ETag") == [upload.etag]
        assert answer.headers["Last-Modified"]  # nginx's own: it was nginx that read the file
        assert "X-Accel-Redirect" not in answer.headers


def test_nginx_sends_parts(download, as_alice, upload):
    with download(as_alice, Range="bytes=2-4", If_Range=upload.etag) as answer:
        assert answer.status == 206
        assert answer.headers["Content-Range"] == "bytes 2-4/10"
        assert answer.read() == b"234"
    with download(as_alice, Range="bytes=2-4", If_Range='"another"') as answer:
        assert answer.status == 200


@pytest.mark.parametrize("condition", ["strong", "weak", "any", "date"])
def test_download_with_a_condition_that_holds_is_sent(download, as_alice, upload, condition):
    """nginx would evaluate the condition again, and it doesn't know the ETag."""
    with download(as_alice) as answer:
        last_modified = answer.headers["Last-Modified"]
    headers = {
        "strong": {"If_Match": upload.etag},
        "weak": {"If_Match": f"W/{upload.etag}"},
        "any": {"If_Match": "*"},
        "date": {"If_Unmodified_Since": last_modified},
    }[condition]
    with download(as_alice, **headers, Range="bytes=2-4") as answer:
        assert (answer.status, answer.read()) == (206, b"234")
        assert answer.headers.get_all("ETag") == [upload.etag]
        assert answer.headers.get_all("Last-Modified") == [last_modified]


def test_download_with_a_condition_that_does_not_hold_is_a_page_of_the_site(download, as_alice):
    with pytest.raises(HTTPError) as caught:
        download(as_alice, If_Match='"another"')
    assert caught.value.code == 412
    assert b"Reload it and try again" in caught.value.read()


@pytest.mark.parametrize(("headers", "status"), [({"If_None_Match": "the etag"}, 304), ({"Range": "bytes=10-"}, 416)])
def test_nginx_sends_nothing(download, as_alice, upload, headers, status):
    headers = {name: upload.etag if value == "the etag" else value for name, value in headers.items()}
    with pytest.raises(HTTPError) as caught:
        download(as_alice, **headers)
    caught.value.close()
    assert caught.value.code == status


def test_nobody_else_gets_it(download, as_alice, as_bob, upload):
    for client, path in ((as_bob, ""), (as_alice, f"/private-media/{upload.file.name}")):
        with pytest.raises(HTTPError) as caught:
            download(client, path)
        caught.value.close()
        assert caught.value.code == 404
