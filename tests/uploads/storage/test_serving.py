"""Downloads: whole files, ranges, conditional requests, and X-Accel-Redirect for a reverse proxy."""

import pytest

from tests.helpers import body, file, photo, run_queue
from uploads.models import Upload
from uploads.receiving import ingest
from uploads.storage import serving

CONTENT = bytes(range(256)) * 2048  # four chunks


@pytest.fixture
def upload(alice) -> Upload:
    return ingest.create_upload(alice, file(CONTENT, "numbers.bin"))


@pytest.fixture
def get(as_alice, upload):
    """Return a function that requests the download with headers."""

    def get(method="get", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        return getattr(as_alice, method)(f"/uploads/{upload.pk}/download/", headers=headers)

    return get


def test_whole_file_is_sent_in_chunks(get, upload):
    response = get()
    assert response.status_code == 200
    assert response["Content-Length"] == str(len(CONTENT))
    assert response["Accept-Ranges"] == "bytes"
    assert response["ETag"] == f'"{upload.pk}"'
    chunks = list(response)
    assert b"".join(chunks) == CONTENT
    assert max(map(len, chunks)) == serving.CHUNK_BYTES


@pytest.mark.parametrize(
    ("requested", "part"),
    [
        ("bytes=0-0", range(1)),
        ("bytes=100-300000", range(100, 300001)),
        ("bytes=500000-", range(500000, len(CONTENT))),
        ("bytes=-7", range(len(CONTENT) - 7, len(CONTENT))),
    ],
)
def test_range_is_sent(get, requested, part):
    response = get(Range=requested)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {part.start}-{part.stop - 1}/{len(CONTENT)}"
    assert response["Content-Length"] == str(len(part))
    assert response["Content-Disposition"] == 'attachment; filename="numbers.bin"'
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert body(response) == CONTENT[part.start : part.stop]


def test_several_ranges_get_the_whole_file(get):
    response = get(Range="bytes=0-1,5-6")
    assert response.status_code == 200
    assert "Content-Range" not in response
    assert body(response) == CONTENT


def test_range_after_the_end_returns_416_with_the_size(get):
    response = get(Range=f"bytes={len(CONTENT)}-")
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(CONTENT)}"
    assert "Error 416" in response.text


def test_download_is_resumed_only_if_the_etag_matches(get):
    etag = get()["ETag"]
    assert body(get(Range="bytes=9-", If_Range=etag)) == CONTENT[9:]
    assert body(get(Range="bytes=9-", If_Range='"another"')) == CONTENT


def test_matching_etag_returns_304(get):
    response = get(If_None_Match=f'"other", {get()["ETag"]}', Range="bytes=0-1")
    assert response.status_code == 304
    assert response["Cache-Control"] == "private, no-cache"
    assert response["ETag"]
    assert body(response) == b""


def test_if_match_with_another_etag_returns_412(get):
    assert get(If_Match='"another"').status_code == 412
    assert get(If_Match=get()["ETag"]).status_code == 200


def test_head_sends_only_headers(get):
    response = get("head", Range="bytes=0-1")
    assert response.status_code == 200
    assert response["Content-Length"] == str(len(CONTENT))
    assert body(response) == b""


def test_rendition_has_an_etag_and_ranges(as_alice, alice):
    picture = ingest.create_upload(alice, file(photo(), "holiday.jpg"))
    run_queue()
    small, other = (f"/uploads/{picture.pk}/1/{width}.webp" for width in (320, 400))
    etag = as_alice.get(small)["ETag"]
    assert as_alice.get(small, headers={"If-None-Match": etag}).status_code == 304
    assert body(as_alice.get(small, headers={"Range": "bytes=0-3"})) == b"RIFF"
    assert as_alice.get(other)["ETag"] != etag


def test_proxy_gets_x_accel_redirect(get, upload):
    response = get(X_Sendfile_Type="X-Accel-Redirect", Range="bytes=0-1")
    assert response.status_code == 200
    assert response["X-Accel-Redirect"] == f"/private-media/uploads/{upload.pk}/original"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"] == 'attachment; filename="numbers.bin"'
    assert response["ETag"] == f'"{upload.pk}"'
    assert body(response) == b""


def test_proxy_gets_304_for_a_matching_etag(get, upload):
    response = get(X_Sendfile_Type="X-Accel-Redirect", If_None_Match=f'"{upload.pk}"')
    assert response.status_code == 304
    assert "X-Accel-Redirect" not in response


def test_x_sendfile_of_other_servers_is_ignored(get):
    response = get(X_Sendfile_Type="X-Sendfile")
    assert "X-Accel-Redirect" not in response
    assert body(response) == CONTENT


def test_other_user_gets_404_whatever_the_headers(as_bob, upload):
    for headers in ({"X-Sendfile-Type": "X-Accel-Redirect"}, {"Range": "bytes=0-1"}, {"If-None-Match": upload.etag}):
        assert as_bob.get(f"/uploads/{upload.pk}/download/", headers=headers).status_code == 404


def test_proxy_gets_404_for_lost_bytes(get, upload, state_dir):
    (state_dir / "media" / upload.file.name).unlink()
    response = get(X_Sendfile_Type="X-Accel-Redirect")
    assert response.status_code == 404
    assert "X-Accel-Redirect" not in response
