"""Bytes are their owner's alone, and harmless to the browser."""

import pytest

from tests.helpers import body, file, files_below, photo, problem, run_queue
from uploads.models import Upload
from uploads.receiving import ingest


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
def test_the_owner_sees_it(as_alice, picture, url):
    response = as_alice.get(url.format(picture.pk))
    assert response.status_code == 200
    assert body(response)


@pytest.mark.parametrize("url", URLS)
def test_for_others_it_does_not_exist(as_bob, visitor, picture, url):
    assert as_bob.get(url.format(picture.pk)).status_code == 404
    assert visitor.get(url.format(picture.pk)).status_code in (302, 401)


@pytest.mark.parametrize("url", URLS)
def test_ids_that_are_none_are_404(as_alice, url):
    for bad in ("00000000-0000-0000-0000-000000000000", "xyz", "..", "%00"):
        assert as_alice.get(url.format(bad)).status_code == 404


def test_others_can_not_delete_it(as_bob, visitor, picture):
    problem(as_bob.delete(f"/api/uploads/{picture.pk}/"), 404)
    assert as_bob.post(f"/uploads/{picture.pk}/delete/").status_code == 404
    assert as_bob.post(f"/uploads/{picture.pk}/restore/").status_code == 404
    problem(visitor.delete(f"/api/uploads/{picture.pk}/"), 401)
    assert visitor.post(f"/uploads/{picture.pk}/delete/").status_code == 302
    assert Upload.objects.exists()


def test_lists_hold_only_ones_own(as_bob, picture):
    assert as_bob.get("/api/uploads/").json() == []
    assert "hölly" not in as_bob.get("/uploads/").text


def test_what_a_user_sent_is_a_download_in_a_sandbox(as_alice, alice):
    upload = ingest.create_upload(alice, file(b"<script>alert(1)</script>", 'x".html'))
    response = as_alice.get(f"/uploads/{upload.pk}/download/")
    assert body(response) == b"<script>alert(1)</script>"
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response["X-Content-Type-Options"] == "nosniff"


def test_a_picture_of_ours_is_shown_inline_and_kept_by_no_proxy(as_alice, picture):
    response = as_alice.get(f"/uploads/{picture.pk}/1/320.webp")
    assert response["Content-Type"] == "image/webp"
    assert "private" in response["Cache-Control"]
    assert response["X-Content-Type-Options"] == "nosniff"
    assert body(response).startswith(b"RIFF")


def test_bytes_that_are_lost_are_a_404(as_alice, picture, state_dir):
    (state_dir / "media/uploads" / str(picture.pk) / "original").unlink()
    assert as_alice.get(f"/uploads/{picture.pk}/download/").status_code == 404


@pytest.mark.parametrize("door", ["api", "user"])
def test_deleting_takes_the_bytes_along(as_alice, alice, picture, state_dir, django_capture_on_commit_callbacks, door):
    with django_capture_on_commit_callbacks(execute=True):
        if door == "api":
            assert as_alice.delete(f"/api/uploads/{picture.pk}/").status_code == 204
        else:
            alice.delete()
        assert files_below(state_dir) != []  # not before it is committed
    assert list((state_dir / "media" / "uploads").iterdir()) == []
    assert not Upload.objects.exists()
