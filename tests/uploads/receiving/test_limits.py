"""Quota of a user, which includes unfinished transfers but not the trash, and the space on the disk."""

import errno
import shutil
from collections import namedtuple

import pytest
from django.utils import timezone

from tests.helpers import file, files_below, problem
from tests.uploads.receiving.tus import TUS, create_transfer, patch, post_transfer
from uploads import forms
from uploads.models import Transfer, Upload
from uploads.receiving import ingest, quota, transfers


@pytest.fixture(autouse=True)
def small_quota(settings) -> None:
    settings.USER_QUOTA_BYTES = 10


def test_transfer_over_the_quota_returns_413_when_it_is_created(as_alice):
    assert "enough space" in problem(post_transfer(as_alice, 11), 413)["detail"]
    assert not Transfer.objects.exists()


def test_unfinished_transfer_reserves_its_whole_length(as_alice, alice):
    url = create_transfer(as_alice, 6)
    assert quota.free_bytes(alice) == 4
    problem(post_transfer(as_alice, 5), 413)
    assert as_alice.post("/api/uploads/", {"file": file(b"12345")}).status_code == 413
    assert as_alice.post("/uploads/", {"file": file(b"12345")}).status_code == 413
    patch(as_alice, url, 0, b"123456")
    assert quota.free_bytes(alice) == 4  # the upload replaces the reservation
    as_alice.delete(url, **TUS)
    assert quota.free_bytes(alice) == 10


def test_each_user_has_a_quota(as_alice, as_bob):
    create_transfer(as_alice, 10)
    create_transfer(as_bob, 10)


def test_transfer_of_unknown_length_reserves_its_received_bytes(as_alice, alice):
    url = create_transfer(as_alice, None, HTTP_UPLOAD_DEFER_LENGTH="1")
    patch(as_alice, url, 0, b"123456")
    assert quota.free_bytes(alice) == 4
    assert "enough space" in problem(patch(as_alice, url, 6, b"78901"), 413)["detail"]
    problem(patch(as_alice, url, 6, b"", HTTP_UPLOAD_LENGTH="11"), 413)
    assert patch(as_alice, url, 6, b"78", HTTP_UPLOAD_LENGTH="9").status_code == 204
    assert quota.free_bytes(alice) == 1


def test_rejected_transfer_uses_no_quota(as_alice, alice):
    post_transfer(as_alice, 5, content=b"12345", HTTP_UPLOAD_CHECKSUM="sha1 AAAA")
    assert quota.free_bytes(alice) == 10


def test_without_a_quota_there_is_no_limit(alice, settings):
    settings.USER_QUOTA_BYTES = 0
    assert quota.free_bytes(alice) is None


def test_trash_is_deleted_when_a_new_file_needs_its_space(
    as_alice, alice, state_dir, django_capture_on_commit_callbacks
):
    old, new = (ingest.create_upload(alice, file(b"1234")) for _ in range(2))
    for upload in (old, new):
        upload.trash()
    assert quota.free_bytes(alice) == 10
    with django_capture_on_commit_callbacks(execute=True):
        create_transfer(as_alice, 6)
    assert list(Upload.objects.all()) == [new]
    new.restore()
    assert quota.free_bytes(alice) == 0
    assert files_below(state_dir) == [f"media/uploads/{new.pk}/original"]


def test_file_returns_413_if_a_concurrent_request_used_the_quota(as_alice, monkeypatch, state_dir):
    """Two concurrent requests may both pass the validation of the form, but only one of them stores its file."""
    create_transfer(as_alice, 8)
    monkeypatch.setattr(forms, "check_quota", lambda owner, size: None)
    assert "enough space" in problem(as_alice.post("/api/uploads/", {"file": file(b"12345")}), 413)["detail"]
    assert files_below(state_dir) == []


def test_file_larger_than_the_free_disk_space_returns_507_when_it_is_created(as_alice, settings, monkeypatch):
    settings.USER_QUOTA_BYTES = 0
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10, 5, 5))
    assert "disk of this site is full" in problem(post_transfer(as_alice, 6), 507)["detail"]
    assert post_transfer(as_alice, 5).status_code == 201


def test_disk_full_during_a_patch_keeps_acknowledged_bytes(as_alice, monkeypatch):
    url = create_transfer(as_alice, 10)
    patch(as_alice, url, 0, b"1234")

    def fail(self, data):
        raise OSError(errno.ENOSPC, "No space left on device", "/secret")

    with monkeypatch.context() as patched:
        patched.setattr("uploads.receiving.pieces.PieceWriter.write", fail)
        document = problem(patch(as_alice, url, 4, b"567890"), 507)
    assert "secret" not in document["detail"]
    assert patch(as_alice, url, 4, b"567890").status_code == 204
    assert Upload.objects.get().size == 10


def test_disk_full_during_a_patch_with_checksum_returns_507(as_alice, monkeypatch):
    def fail(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("uploads.receiving.pieces.PieceWriter.write", fail)
    url = create_transfer(as_alice, 10)
    problem(patch(as_alice, url, 0, b"12345", HTTP_UPLOAD_CHECKSUM="sha1 jLIjfQZ5yojbZGTqxg2pY0VROWQ="), 507)


def test_disk_full_during_creation_deletes_the_transfer(as_alice, alice, monkeypatch):
    def fail(self, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("uploads.receiving.pieces.PieceWriter.write", fail)
    problem(post_transfer(as_alice, 5, content=b"12345"), 507)
    assert quota.free_bytes(alice) == 10
    assert not Transfer.objects.exists()


def test_reservation_shrinks_to_the_length_once_it_is_known(as_alice, alice):
    create_transfer(as_alice, None, HTTP_UPLOAD_DEFER_LENGTH="1")
    transfer = Transfer.objects.get()
    transfers.reserve(transfer, length=None, end=9)  # as for a body of nine bytes, of which five are received
    patch(as_alice, f"/api/tus/{transfer.pk}", 0, b"12345")
    patch(as_alice, f"/api/tus/{transfer.pk}", 5, HTTP_UPLOAD_LENGTH="6")
    assert quota.free_bytes(alice) == 4


def test_expired_transfer_uses_no_quota(as_alice, alice):
    create_transfer(as_alice, 10)
    Transfer.objects.update(expires_at=timezone.now())
    assert quota.free_bytes(alice) == 10


def test_disk_full_when_the_file_is_stored_keeps_acknowledged_bytes(as_alice, state_dir, monkeypatch):
    url = create_transfer(as_alice, 10)
    patch(as_alice, url, 0, b"1234")

    def fail(*args):
        raise OSError(errno.ENOSPC, "No space left on device", "/secret")

    with monkeypatch.context() as patched:
        patched.setattr("uploads.receiving.ingest._link_or_copy", fail)
        problem(patch(as_alice, url, 4, b"567890"), 507)
    assert not Upload.objects.exists()
    assert as_alice.head(url, **TUS)["Upload-Offset"] == "4"
    assert patch(as_alice, url, 4, b"567890").status_code == 204
    assert files_below(state_dir) == [f"media/{Upload.objects.get().file.name}"]
