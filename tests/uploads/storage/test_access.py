"""Access to uploads, and the headers that make files of users harmless in a browser."""

import pytest

from tests.helpers import body, file, files_below, photo, problem, run_queue
from uploads.models import Upload
from uploads.receiving import ingest

pytestmark = pytest.mark.usefixtures("decode_in_process")


@pytest.fixture
def picture(alice) -> Upload:
    upload = ingest.create_upload(alice, file(photo(), "hölly.jpg"))
    run_queue()
    upload.refresh_from_db()
    return upload


URLS = [
    "/uploads/{}/",
    "/uploads/{}/card/",
    "/uploads/{}/download/",
    "/uploads/{}/1/320.webp",
    "/api/uploads/{}/",
]


@pytest.mark.parametrize("url", URLS)
def test_owner_can_open_url(as_alice, picture, url):
    response = as_alice.get(url.format(picture.pk))
    assert response.status_code == 200
    assert body(response)


@pytest.mark.parametrize("url", URLS)
def test_url_returns_404_for_other_users_and_needs_a_login(as_bob, visitor, picture, url):
    assert as_bob.get(url.format(picture.pk)).status_code == 404
    assert visitor.get(url.format(picture.pk)).status_code in (302, 401)


@pytest.mark.parametrize("url", URLS)
def test_url_with_invalid_id_returns_404(as_alice, url):
    for invalid in ("00000000-0000-0000-0000-000000000000", "xyz", "..", "%00"):
        assert as_alice.get(url.format(invalid)).status_code == 404


def test_upload_can_be_deleted_and_restored_only_by_its_owner(as_bob, visitor, picture):
    problem(as_bob.delete(f"/api/uploads/{picture.pk}/"), 404)
    assert as_bob.post(f"/uploads/{picture.pk}/delete/").status_code == 404
    assert as_bob.post(f"/uploads/{picture.pk}/restore/").status_code == 404
    problem(visitor.delete(f"/api/uploads/{picture.pk}/"), 401)
    assert visitor.post(f"/uploads/{picture.pk}/delete/").status_code == 302
    assert Upload.objects.exists()


def test_upload_in_the_trash_returns_404(as_alice, alice):
    upload = ingest.create_upload(alice, file())
    upload.trash()
    for url in (f"/uploads/{upload.pk}/", f"/api/uploads/{upload.pk}/", f"/uploads/{upload.pk}/download/"):
        assert as_alice.get(url).status_code == 404
    assert as_alice.get("/api/uploads/").json() == []
    upload.restore()
    assert as_alice.get(f"/uploads/{upload.pk}/").status_code == 200


def test_lists_do_not_show_other_users_uploads(as_bob, picture):
    assert as_bob.get("/api/uploads/").json() == []
    assert "hölly" not in as_bob.get("/uploads/").text


def test_download_is_an_attachment_in_a_sandbox(as_alice, alice):
    upload = ingest.create_upload(alice, file(b"<script>alert(1)</script>", 'x".html'))
    response = as_alice.get(f"/uploads/{upload.pk}/download/")
    assert body(response) == b"<script>alert(1)</script>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_rendition_is_inline_and_not_cached_by_proxies(as_alice, picture):
    response = as_alice.get(f"/uploads/{picture.pk}/1/320.webp")
    assert response["Content-Type"] == "image/webp"
    assert "private" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert body(response).startswith(b"RIFF")


def test_download_of_lost_bytes_returns_404(as_alice, picture, state_dir):
    (state_dir / "media/uploads" / str(picture.pk) / "original").unlink()
    assert as_alice.get(f"/uploads/{picture.pk}/download/").status_code == 404


@pytest.mark.parametrize("deleted", ["upload", "owner"])
def test_bytes_are_deleted_with_upload_or_owner(
    as_alice, alice, picture, state_dir, django_capture_on_commit_callbacks, deleted
):
    with django_capture_on_commit_callbacks(execute=True):
        if deleted == "upload":
            assert as_alice.delete(f"/api/uploads/{picture.pk}/").status_code == 204
        else:
            alice.delete()
        assert files_below(state_dir) != []  # bytes are deleted after the commit
    assert list((state_dir / "media" / "uploads").iterdir()) == []
    assert not Upload.objects.exists()
