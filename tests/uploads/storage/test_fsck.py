"""Command `uploads_fsck`: inconsistencies of rows and stored bytes, and their repairs."""

import os
import shutil
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.helpers import file, files_below, photo, run_queue
from tests.uploads.receiving.tus import create_transfer, head, patch
from uploads.models import Upload
from uploads.receiving import ingest
from uploads.storage import fsck

pytestmark = pytest.mark.usefixtures("decode_in_process")


@pytest.fixture
def picture(alice) -> Upload:
    upload = ingest.create_upload(alice, file(photo(1000, 800), "holiday.jpg"))
    run_queue()
    return upload


def run_fsck(*options) -> str:
    out = StringIO()
    call_command("uploads_fsck", *options, stdout=out)
    return out.getvalue()


def assert_found(*texts: str) -> None:
    """Check that the command finds as many inconsistencies as there are texts, and reports each text."""
    out = StringIO()
    with pytest.raises(CommandError, match=f"{len(texts)} found"):
        call_command("uploads_fsck", stdout=out)
    assert all(text in out.getvalue() for text in texts), out.getvalue()


def make_old(*paths: Path) -> None:
    """Make the files old enough to be reported."""
    for path in paths:
        os.utime(path, (time.time() - 7200,) * 2)


def test_consistent_state_has_no_findings(as_alice, picture):
    patch(as_alice, create_transfer(as_alice, 10), 0, b"hello")
    create_transfer(as_alice, 5, content=b"hello")
    assert "agree" in run_fsck()


def test_old_bytes_without_a_row_are_deleted(picture, state_dir):
    before = files_below(state_dir)
    stray = state_dir / "media/uploads" / str(picture.pk) / "stray"
    pieces = state_dir / "incoming" / "00000000-0000-0000-0000-000000000000"
    stray.touch()
    pieces.mkdir()
    assert "agree" in run_fsck()
    make_old(stray, pieces)
    assert_found("stray", "incoming")
    assert "stray: belongs to no upload: deleted" in run_fsck("--repair")
    assert files_below(state_dir) == before
    assert not pieces.exists()
    assert "agree" in run_fsck()


def test_missing_renditions_are_made_again(picture, state_dir):
    before = files_below(state_dir)
    for width in (320, 960):
        (state_dir / "media/uploads" / str(picture.pk) / f"{width}.webp").unlink()
    assert_found("320.webp", "960.webp")
    run_fsck("--repair")
    assert run_queue() == 1
    assert files_below(state_dir) == before
    assert "agree" in run_fsck()


def test_lost_file_is_reported_on_its_page_and_keeps_its_row(as_alice, picture, state_dir):
    (state_dir / "media/uploads" / str(picture.pk) / "original").unlink()
    assert_found("this file of alice's is lost")
    run_fsck("--repair")
    assert "The file is lost" in as_alice.get(f"/uploads/{picture.pk}/").text


def test_bytes_with_concurrently_created_row_are_kept(picture, state_dir):
    stray = state_dir / "media/uploads" / str(picture.pk) / "stray"
    stray.touch()
    make_old(stray)
    (finding,) = fsck.check()
    Upload.objects.update(file=f"uploads/{picture.pk}/stray")
    finding.repair()
    assert stray.exists()


def test_missing_renditions_are_made_once_while_a_job_is_queued(picture, state_dir):
    (state_dir / "media/uploads" / str(picture.pk) / "320.webp").unlink()
    for _ in range(2):
        for finding in fsck.check():
            finding.repair()
    assert run_queue() == 1


def test_repair_of_concurrently_deleted_upload_does_nothing(picture, state_dir):
    for name in ("original", "320.webp"):
        (state_dir / "media/uploads" / str(picture.pk) / name).unlink()
    findings = list(fsck.check())
    picture.delete()
    for finding in findings:
        finding.repair()
    assert run_queue() == 0


def test_recovered_file_is_not_reported_as_lost(picture, state_dir):
    original = state_dir / "media/uploads" / str(picture.pk) / "original"
    original.rename(state_dir / "away")
    (finding,) = fsck.check()
    (state_dir / "away").rename(original)
    finding.repair()
    picture.refresh_from_db()
    assert picture.problem == ""


def test_unmounted_disk_deletes_no_rows(picture, state_dir):
    shutil.rmtree(state_dir / "media")
    run_fsck("--repair")
    assert Upload.objects.exists()


def test_lost_bytes_of_an_unfinished_upload_are_reported(as_alice, state_dir):
    """The row is kept, because the disk may not be mounted, or another machine may have the bytes."""
    url = create_transfer(as_alice, 10)
    patch(as_alice, url, 0, b"hello")
    (state_dir / "incoming").rename(state_dir / "away")
    assert_found("unfinished upload are lost")
    run_fsck("--repair")
    (state_dir / "away").rename(state_dir / "incoming")
    assert head(as_alice, url).status_code == 200
    assert "agree" in run_fsck()
