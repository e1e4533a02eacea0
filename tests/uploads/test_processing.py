"""Jobs of uploads: checksum, files of earlier attempts, cancellation, deletion and errors."""

import hashlib

import pytest
from django.db import OperationalError

from progress.exceptions import Cancelled, LostJob
from progress.models import Job, State
from progress.reporter import Progress
from progress.tasks import cancel_job
from tests.helpers import file, files_below, main_part, photo, run_queue
from tests.uploads.helpers import NullProgress, process
from uploads import processing
from uploads.decoding.preview import Preview
from uploads.models import Rendition, Upload
from uploads.receiving import ingest


def test_text_file_gets_a_checksum_and_no_renditions(alice, state_dir):
    content = b"a line of text\n" * 50_000
    upload = process(alice, content, "photo.jpg")
    assert upload.job.state == State.SUCCEEDED
    assert (upload.content_type, upload.sha256) == ("text/plain", hashlib.sha256(content).hexdigest())
    assert not upload.renditions.exists()
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]


def test_checksum_is_recorded_before_renditions_are_made(alice, monkeypatch):
    content = photo()
    upload = ingest.create_upload(alice, file(content))
    recorded = []
    monkeypatch.setattr(Preview, "make", lambda *args: recorded.append(Upload.objects.get().sha256))
    processing.process(upload, NullProgress())
    assert recorded == [hashlib.sha256(content).hexdigest()]


def test_error_message_outlives_the_job(alice):
    upload = process(alice, b"\xff\xd8\xff broken")
    Job.objects.all().delete()
    upload.refresh_from_db()
    assert "damaged" in upload.problem


@pytest.mark.usefixtures("decode_in_process")
def test_temporary_files_of_a_killed_attempt_are_deleted(alice, state_dir):
    upload = ingest.create_upload(alice, file(photo()))
    leftover = state_dir / "tmp" / f"{upload.pk}-abc"
    leftover.mkdir()
    (leftover / "1920.webp").write_bytes(b"incomplete")
    run_queue()
    assert list((state_dir / "tmp").iterdir()) == []


@pytest.mark.usefixtures("decode_in_process")
def test_second_run_produces_the_same_files(alice, state_dir):
    upload = process(alice, photo(1000, 800))
    before = {name: (state_dir / name).read_bytes() for name in files_below(state_dir)}
    processing.process(upload, NullProgress())
    assert {name: (state_dir / name).read_bytes() for name in files_below(state_dir)} == before
    assert upload.renditions.count() == 3


def test_second_run_deletes_renditions_of_obsolete_widths(
    alice, stored_names, patch_decoder, django_capture_on_commit_callbacks
):
    upload = process(alice, photo(1000, 500))
    assert stored_names() == ["1000.webp", "320.webp", "960.webp", "original"]
    patch_decoder("raster.WIDTHS = (640, 320)")
    with django_capture_on_commit_callbacks(execute=True):
        processing.process(upload, NullProgress())
    assert stored_names() == ["320.webp", "640.webp", "original"]
    assert [rendition.width for rendition in upload.renditions.all()] == [320, 640]


@pytest.mark.usefixtures("decode_in_process")
def test_stored_files_without_rows_of_a_killed_attempt_are_deleted(alice, stored_names, state_dir):
    upload = ingest.create_upload(alice, file(photo()))
    (state_dir / f"media/uploads/{upload.pk}/640.webp").write_bytes(b"of the killed attempt")
    run_queue()
    assert stored_names() == ["320.webp", "400.webp", "original"]


def test_attempt_of_a_lost_job_keeps_files_of_the_next_attempt(alice, stored_names, state_dir, monkeypatch):
    upload = ingest.create_upload(alice, file(photo()))

    def lose_job(*args):
        (state_dir / f"media/uploads/{upload.pk}/320.webp").write_bytes(b"of the next attempt")
        raise LostJob

    monkeypatch.setattr(Preview, "make", lose_job)
    with pytest.raises(LostJob):
        processing.process(upload, NullProgress())
    assert stored_names() == ["320.webp", "original"]


class CancellingProgress(Progress):
    """Progress that cancels the job after this many calls to `advance` in the named stage."""

    def __init__(self, stage_name, calls):
        super().__init__()
        self.stage_name, self.calls_left = stage_name, calls

    def advance(self, n=1):
        if self.current_stage.name == self.stage_name:
            self.calls_left -= 1
        if self.calls_left < 0:
            self.interrupt = Cancelled("Cancelled by the owner.")
        super().advance(n)


@pytest.mark.parametrize(
    ("stage_name", "calls"),
    [("Checking the file", 0), ("Opening the picture", 0), ("Making previews", 0), ("Making previews", 3)],
)
def test_cancellation_at_any_time_keeps_only_the_original(alice, stored_names, state_dir, stage_name, calls):
    upload = ingest.create_upload(alice, file(photo()))
    with pytest.raises(Cancelled):
        processing.process(upload, CancellingProgress(stage_name, calls))
    assert stored_names() == ["original"]
    assert list((state_dir / "tmp").iterdir()) == []


@pytest.mark.usefixtures("decode_in_process")
def test_failed_second_run_keeps_the_files_of_the_first(alice, state_dir, monkeypatch):
    upload = process(alice, photo(1000, 800))
    before = files_below(state_dir)
    assert len(before) == 4

    def fail(**values):
        raise OperationalError("database is locked")

    monkeypatch.setattr(Rendition.objects, "update_or_create", fail)
    with pytest.raises(OperationalError):
        processing.process(upload, NullProgress())
    assert files_below(state_dir) == before


def test_upload_deleted_during_processing_leaves_no_files_and_rows(
    alice, state_dir, monkeypatch, django_capture_on_commit_callbacks
):
    upload = ingest.create_upload(alice, file(photo()))
    make = Preview.make

    def make_and_delete(*args):
        make(*args)
        with django_capture_on_commit_callbacks(execute=True):
            Upload.objects.get(pk=upload.pk).delete()

    monkeypatch.setattr(Preview, "make", make_and_delete)
    run_queue()
    assert files_below(state_dir) == []
    assert not Rendition.objects.exists()
    assert not Job.objects.exists()


def test_job_of_a_deleted_upload_stores_no_files(alice, state_dir, django_capture_on_commit_callbacks):
    upload = ingest.create_upload(alice, file(photo()))
    with django_capture_on_commit_callbacks(execute=True):
        upload.delete()
    assert run_queue() == 1
    assert files_below(state_dir) == []


def test_cancelled_job_keeps_the_original_and_can_be_retried(alice, as_alice, state_dir, monkeypatch):
    stage = Progress.stage

    def cancel_before_renditions(self, name, **options):
        if name == "Making previews":
            cancel_job(Job.objects.get())
        stage(self, name, **options)

    upload = ingest.create_upload(alice, file(photo(), "holiday.jpg"))
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "stage", cancel_before_renditions)
        run_queue()
    upload.refresh_from_db()
    assert upload.job.state == State.CANCELLED
    assert files_below(state_dir) == [f"media/uploads/{upload.pk}/original"]
    assert not upload.renditions.exists()
    url = f"/uploads/{upload.pk}/"
    assert f'hx-get="{url}"' in as_alice.get(url).text
    as_alice.post(f"/progress/{upload.job.pk}/retry/")
    run_queue()
    assert upload.renditions.exists()
    assert "<progress-bar src" not in as_alice.get(url).text


def test_internal_error_can_be_retried(alice, as_alice):
    upload = process(alice, b"hello")
    Job.objects.update(state=State.FAILED, error_code="internal", error_message="Something went wrong.", percent=0)
    for page in (f"/uploads/{upload.pk}/", "/uploads/"):
        assert "Try again" in main_part(as_alice.get(page).text)
    assert as_alice.get(f"/api/uploads/{upload.pk}/").json()["job"]["retryable"] is True
