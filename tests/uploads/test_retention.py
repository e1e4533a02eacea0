"""Scheduled deletion of expired transfers, old trash and temporary files."""

import os
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Schedule

from tests.helpers import after_select, file, files_below
from tests.uploads.receiving.tus import create_transfer, head, patch
from uploads import retention
from uploads.models import Transfer, Upload
from uploads.receiving import ingest


@pytest.fixture
def prune(django_capture_on_commit_callbacks) -> Callable[[], None]:
    """Return a function that runs `prune` and then its `on_commit` callbacks."""

    def prune() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            retention.prune()

    return prune


def test_expired_transfer_loses_its_bytes_first_and_its_row_later(as_alice, alice, state_dir, prune):
    expired, pending = create_transfer(as_alice, 10), create_transfer(as_alice, 10)
    for url in (expired, pending):
        patch(as_alice, url, 0, b"hello")
    rows = Transfer.objects.filter(pk=expired.rpartition("/")[2])
    rows.update(expires_at=timezone.now() - timedelta(seconds=1))
    prune()
    assert len(files_below(state_dir)) == 1
    assert alice.transfers.bytes_reserved() == 10
    assert head(as_alice, expired).status_code == 410
    assert head(as_alice, pending)["Upload-Offset"] == "5"
    rows.update(expires_at=timezone.now() - timedelta(days=8))
    prune()
    assert head(as_alice, expired).status_code == 404


def test_transfer_of_a_finished_file_is_deleted_without_the_file(as_alice, prune):
    url = create_transfer(as_alice, 5)
    patch(as_alice, url, 0, b"hello")
    Transfer.objects.update(expires_at=timezone.now() - timedelta(days=8))
    prune()
    assert not Transfer.objects.exists()
    assert Upload.objects.get().file.size == 5


def test_file_in_the_trash_is_deleted_after_its_retention(alice, state_dir, prune):
    old, new = (ingest.create_upload(alice, file()) for _ in range(2))
    for upload in (old, new):
        upload.trash()
    Upload.objects.filter(pk=old.pk).update(deleted_at=timezone.now() - timedelta(days=31))
    prune()
    assert list(Upload.objects.all()) == [new]
    assert files_below(state_dir) == [f"media/uploads/{new.pk}/original"]


def test_upload_restored_after_the_trash_is_selected_is_kept(alice, state_dir, prune):
    upload = ingest.create_upload(alice, file())
    Upload.objects.update(deleted_at=timezone.now() - timedelta(days=31))
    with after_select("uploads_upload", upload.restore):
        prune()
    assert list(Upload.objects.visible_to(alice)) == [upload]
    assert len(files_below(state_dir)) == 1


def test_old_temporary_file_is_deleted(db, state_dir, prune):
    old, new = state_dir / "tmp" / "a.upload.jpg", state_dir / "tmp" / "b.upload"
    for path in (old, new):
        path.touch()
    os.utime(old, (time.time() - 2 * 24 * 3600,) * 2)
    prune()
    assert files_below(state_dir) == ["tmp/b.upload"]


def test_prune_is_scheduled(db):
    retention.create_schedules()
    schedule = Schedule.objects.get(name=retention.NAME)
    assert import_string(schedule.func) is retention.prune
