"""What nobody will come back for goes, and nothing else; rows and bytes that are out of step are found."""

import os
import shutil
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Schedule

from tests.helpers import after_select, file, files_below, photo, run_queue
from tests.uploads.receiving.tus import create_transfer, head, patch
from uploads import retention
from uploads.models import Transfer, Upload
from uploads.receiving import ingest
from uploads.storage import fsck


@pytest.fixture(autouse=True)
def _callbacks(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        yield


def prune(capture):
    with capture(execute=True):
        retention.prune()


def test_expired_files_lose_their_bytes_at_once_and_their_rows_later(
    as_alice, alice, state_dir, django_capture_on_commit_callbacks
):
    expired, alive = create_transfer(as_alice, 10), create_transfer(as_alice, 10)
    for url in (expired, alive):
        patch(as_alice, url, 0, b"hello")
    late = Transfer.objects.filter(pk=expired.rpartition("/")[2])
    late.update(expires_at=timezone.now() - timedelta(seconds=1))
    prune(django_capture_on_commit_callbacks)
    assert len(files_below(state_dir)) == 1
    assert alice.transfers.bytes_reserved() == 10
    assert head(as_alice, expired).status_code == 410
    assert head(as_alice, alive)["Upload-Offset"] == "5"
    late.update(expires_at=timezone.now() - timedelta(days=8))
    prune(django_capture_on_commit_callbacks)
    assert head(as_alice, expired).status_code == 404


def test_the_rows_of_finished_files_go_and_the_files_stay(as_alice, django_capture_on_commit_callbacks):
    url = create_transfer(as_alice, 5)
    patch(as_alice, url, 0, b"hello")
    Transfer.objects.update(expires_at=timezone.now() - timedelta(days=8))
    prune(django_capture_on_commit_callbacks)
    assert not Transfer.objects.exists()
    assert Upload.objects.get().file.size == 5


def test_the_trash_is_kept_for_a_while(alice, state_dir, django_capture_on_commit_callbacks):
    old, new = (ingest.create_upload(alice, file()) for _ in range(2))
    for upload in (old, new):
        upload.trash()
    Upload.objects.filter(pk=old.pk).update(deleted_at=timezone.now() - timedelta(hours=2))
    prune(django_capture_on_commit_callbacks)
    assert list(Upload.objects.all()) == [new]
    assert files_below(state_dir) == [f"media/uploads/{new.pk}/original"]


def test_upload_restored_after_the_trash_was_listed_is_kept(alice, state_dir, django_capture_on_commit_callbacks):
    upload = ingest.create_upload(alice, file())
    Upload.objects.update(deleted_at=timezone.now() - timedelta(hours=2))
    with after_select("uploads_upload", upload.restore):
        prune(django_capture_on_commit_callbacks)
    assert list(Upload.objects.visible_to(alice)) == [upload]
    assert len(files_below(state_dir)) == 1


def test_temporary_files_of_dead_processes_go(db, state_dir, django_capture_on_commit_callbacks):
    left, used = state_dir / "tmp" / "a.upload.jpg", state_dir / "tmp" / "b.upload"
    for path in (left, used):
        path.touch()
    os.utime(left, (time.time() - 2 * 24 * 3600,) * 2)
    prune(django_capture_on_commit_callbacks)
    assert files_below(state_dir) == ["tmp/b.upload"]


def test_that_is_planned(db):
    retention.create_schedules()
    schedule = Schedule.objects.get(name=retention.NAME)
    assert import_string(schedule.func) is retention.prune


def test_what_is_in_the_trash_does_not_exist(as_alice, alice):
    upload = ingest.create_upload(alice, file())
    upload.trash()
    for url in (f"/uploads/{upload.pk}/", f"/api/uploads/{upload.pk}/", f"/uploads/{upload.pk}/download/"):
        assert as_alice.get(url).status_code == 404
    assert as_alice.get("/api/uploads/").json() == []
    upload.restore()
    assert as_alice.get(f"/uploads/{upload.pk}/").status_code == 200


class TestFsck:
    @pytest.fixture
    def picture(self, alice) -> Upload:
        upload = ingest.create_upload(alice, file(photo(1000, 800), "holiday.jpg"))
        run_queue()
        return upload

    def run(self, *options) -> str:
        out = StringIO()
        call_command("uploads_fsck", *options, stdout=out)
        return out.getvalue()

    def finds(self, *words: str) -> None:
        out = StringIO()
        with pytest.raises(CommandError, match=f"{len(words)} found"):
            call_command("uploads_fsck", stdout=out)
        assert all(word in out.getvalue() for word in words), out.getvalue()

    def make_old(self, *paths: Path) -> None:
        for path in paths:
            os.utime(path, (time.time() - 7200,) * 2)

    def test_nothing_is_wrong(self, as_alice, picture):
        patch(as_alice, create_transfer(as_alice, 10), 0, b"hello")
        create_transfer(as_alice, 5, content=b"hello")
        assert "agree" in self.run()

    def test_bytes_without_a_row_are_deleted_once_they_are_old(self, picture, state_dir):
        before = files_below(state_dir)
        stray = state_dir / "media/uploads" / str(picture.pk) / "stray"
        pieces = state_dir / "incoming" / "00000000-0000-0000-0000-000000000000"
        stray.touch()
        pieces.mkdir()
        assert "agree" in self.run()
        self.make_old(stray, pieces)
        self.finds("stray", "incoming")
        assert "stray: belongs to no upload: deleted" in self.run("--repair")
        assert files_below(state_dir) == before
        assert not pieces.exists()
        assert "agree" in self.run()

    def test_pictures_that_are_missing_are_made_again(self, picture, state_dir):
        before = files_below(state_dir)
        for width in (320, 960):
            (state_dir / "media/uploads" / str(picture.pk) / f"{width}.webp").unlink()
        self.finds("320.webp", "960.webp")
        self.run("--repair")
        assert run_queue() == 1
        assert files_below(state_dir) == before
        assert "agree" in self.run()

    def test_lost_file_is_reported_on_its_page_and_keeps_its_row(self, as_alice, picture, state_dir):
        (state_dir / "media/uploads" / str(picture.pk) / "original").unlink()
        self.finds("this file of alice's is lost")
        self.run("--repair")
        assert "The file is lost" in as_alice.get(f"/uploads/{picture.pk}/").text

    def test_bytes_whose_row_came_meanwhile_stay(self, picture, state_dir):
        stray = state_dir / "media/uploads" / str(picture.pk) / "stray"
        stray.touch()
        self.make_old(stray)
        (finding,) = fsck.check()
        Upload.objects.update(file=f"uploads/{picture.pk}/stray")
        finding.repair()
        assert stray.exists()

    def test_pictures_that_are_missing_are_made_once_while_a_job_is_queued(self, picture, state_dir):
        (state_dir / "media/uploads" / str(picture.pk) / "320.webp").unlink()
        for _ in range(2):
            for finding in fsck.check():
                finding.repair()
        assert run_queue() == 1

    def test_repairing_an_upload_deleted_meanwhile_does_nothing(self, picture, state_dir):
        for name in ("original", "320.webp"):
            (state_dir / "media/uploads" / str(picture.pk) / name).unlink()
        findings = list(fsck.check())
        picture.delete()
        for finding in findings:
            finding.repair()
        assert run_queue() == 0

    def test_a_file_that_is_back_is_not_reported_as_lost(self, picture, state_dir):
        original = state_dir / "media/uploads" / str(picture.pk) / "original"
        original.rename(state_dir / "away")
        (finding,) = fsck.check()
        (state_dir / "away").rename(original)
        finding.repair()
        picture.refresh_from_db()
        assert picture.problem == ""

    def test_a_disk_that_is_not_mounted_deletes_no_rows(self, picture, state_dir):
        shutil.rmtree(state_dir / "media")
        self.run("--repair")
        assert Upload.objects.exists()

    def test_lost_bytes_of_an_unfinished_upload_are_reported(self, as_alice, state_dir):
        """The disk may not be mounted, or this is another machine."""
        url = create_transfer(as_alice, 10)
        patch(as_alice, url, 0, b"hello")
        (state_dir / "incoming").rename(state_dir / "away")
        self.finds("unfinished upload are lost")
        self.run("--repair")
        (state_dir / "away").rename(state_dir / "incoming")
        assert head(as_alice, url).status_code == 200
        assert "agree" in self.run()
