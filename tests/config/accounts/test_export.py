"""Export of everything of a user: the archive, its download, and what is left of interrupted jobs."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
import time_machine
from django.core.files.storage import default_storage
from django.utils import timezone

from config import retention
from config.accounts.export import archive
from config.accounts.export.tasks import export_everything, start
from config.models import Export
from progress.exceptions import Cancelled, LostJob
from progress.models import Job, State
from progress.reporter import Progress
from progress.tasks import MAX_QUEUED, TaskError, cancel_job
from tests.helpers import body, file, files_below, make_job, make_todo, run_queue
from uploads.models import Upload
from uploads.receiving import ingest, quota

PAGE = "/accounts/settings/"
URL = "/accounts/settings/export/"


@pytest.fixture
def run_on_commit(monkeypatch):
    """Run functions that wait for the commit immediately: the transaction of a test is never committed."""
    monkeypatch.setattr("config.models.transaction.on_commit", lambda function, robust: function())


def start_export(client) -> Export:
    response = client.post(PAGE, {"section": "export"})
    assert (response.status_code, response["Location"]) == (302, f"{PAGE}#export")
    return Export.objects.select_related("job").get(owner=client.get(PAGE).wsgi_request.user)


def download(client) -> zipfile.ZipFile:
    response = client.get(URL)
    assert response.status_code == 200
    return zipfile.ZipFile(io.BytesIO(body(response)))


def upload(owner, content: bytes, name: str) -> Upload:
    created = ingest.create_upload(owner, file(content, "x"))
    Upload.objects.filter(pk=created.pk).update(name=name)
    return created


def exported(client) -> zipfile.ZipFile:
    start_export(client)
    run_queue()
    return download(client)


def exports_below(state_dir) -> list[str]:
    return [name for name in files_below(state_dir) if name.startswith(("media/exports", "tmp"))]


def test_archive_contains_todos_and_files_of_the_owner_without_the_trash(as_alice, alice, bob):
    now = timezone.now()
    for owner, title, deleted_at in ((alice, "Mine", None), (alice, "Trashed", now), (bob, "Another user's", None)):
        make_todo(owner=owner, title=title, deleted_at=deleted_at)
        created = upload(owner, title.encode(), f"{title}.txt")
        Upload.objects.filter(pk=created.pk).update(deleted_at=deleted_at)
    with exported(as_alice) as content:
        assert content.testzip() is None
        assert content.namelist() == ["to-dos.json", "files/Mine.txt"]
        assert content.read("files/Mine.txt") == b"Mine"
        assert [todo["title"] for todo in json.loads(content.read("to-dos.json"))["todos"]] == ["Mine"]
    assert Job.objects.get(task=export_everything.name).result == {"url": URL, "files": 1, "missing": 0}


def test_exported_todos_can_be_imported(as_alice, as_bob, alice, bob):
    make_todo(owner=alice, title="Buy milk", notes="Two litres")
    with exported(as_alice) as content:
        as_bob.post("/api/todos/import/", {"file": file(content.read("to-dos.json"), "to-dos.json")})
    run_queue()
    assert [(todo.title, todo.notes) for todo in bob.todos.all()] == [("Buy milk", "Two litres")]


def test_hostile_and_equal_names_stay_in_the_folder(as_alice, alice, tmp_path):
    for name in ("../../evil", "a.txt", "A.txt", "/etc/passwd", "日本語.txt", "C:\\x.txt"):
        upload(alice, name.encode(), name)
    with exported(as_alice) as content:
        assert content.namelist()[1:] == [
            *("files/evil", "files/a.txt", "files/A (2).txt", "files/passwd", "files/日本語.txt", "files/x.txt")
        ]
        assert content.getinfo("files/日本語.txt").flag_bits & 0x800, "the name is marked as UTF-8"
        content.extractall(tmp_path)
    assert (tmp_path / "files" / "日本語.txt").read_text() == "日本語.txt"


def test_file_without_bytes_is_left_out_and_reported(as_alice, alice):
    default_storage.delete(upload(alice, b"lost", "lost.txt").file.name)
    upload(alice, b"kept", "kept.txt")
    start_export(as_alice)
    run_queue()
    with download(as_alice) as content:
        assert content.namelist() == ["to-dos.json", "files/kept.txt"]
    assert "1 file couldn't be added" in as_alice.get(PAGE).text


def test_progress_counts_bytes(alice, monkeypatch):
    upload(alice, b"x" * 3000, "big")
    upload(alice, b"x" * 1000, "small")
    monkeypatch.setattr(archive, "CHUNK_BYTES", 1000)
    percents = []
    progress = Progress()
    advance = progress.advance
    monkeypatch.setattr(
        progress, "advance", lambda n: (advance(n), percents.append(progress.current_stage.counts()["percent"]))
    )
    export_everything(progress, export_id=start(alice).pk)
    assert percents == [5 + 95 * quarter // 4 for quarter in (1, 2, 3)] + [99]


def test_only_its_owner_can_download_an_export(as_alice, as_bob, visitor):
    start_export(as_alice)
    assert as_alice.get(URL).status_code == 404
    run_queue()
    response = as_alice.get(URL)
    assert response["Content-Disposition"] == f'attachment; filename="headway-{timezone.localdate()}.zip"'
    assert "sandbox" in response["Content-Security-Policy"]
    assert body(response)
    proxied = as_alice.get(URL, headers={"X-Sendfile-Type": "X-Accel-Redirect"})
    assert proxied["X-Accel-Redirect"] == f"/private-media/exports/{Export.objects.get().pk}.zip"
    assert as_bob.get(URL).status_code == 404
    assert visitor.get(URL).status_code == 302
    assert as_alice.post(URL).status_code == 405


def test_export_is_no_upload_and_uses_no_quota(as_alice, alice):
    free = quota.free_bytes(alice)
    exported(as_alice)
    assert quota.free_bytes(alice) == free
    assert not Upload.objects.exists()


def test_only_one_export_runs_at_a_time(as_alice, as_bob):
    first = start_export(as_alice)
    assert start_export(as_alice) == first
    assert Job.objects.count() == 1
    start_export(as_bob)
    assert Job.objects.count() == 2


@pytest.mark.usefixtures("run_on_commit")
def test_new_export_replaces_the_last_one(as_alice, alice, state_dir):
    exported(as_alice)
    make_todo(owner=alice)
    with exported(as_alice) as content:
        assert b"Buy milk" in content.read("to-dos.json")
    assert exports_below(state_dir) == [f"media/exports/{Export.objects.get().pk}.zip"]


@pytest.mark.usefixtures("run_on_commit")
def test_export_is_deleted_after_a_day(as_alice, as_bob, state_dir):
    exported(as_alice)
    with time_machine.travel(timezone.now() + timedelta(hours=23)):
        exported(as_bob)
        retention.prune()
        assert Export.objects.count() == 2
        assert "available until" in as_alice.get(PAGE).text
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert as_alice.get(URL).status_code == 404
        assert "available until" not in as_alice.get(PAGE).text
        retention.prune()
    kept = Export.objects.get()
    assert exports_below(state_dir) == [f"media/{kept.file.name}"]


@pytest.mark.usefixtures("run_on_commit")
def test_export_is_deleted_with_its_owner(as_alice, alice, state_dir):
    exported(as_alice)
    alice.delete()
    assert exports_below(state_dir) == []


@pytest.mark.parametrize("interruption", [Cancelled, LostJob, OSError])
def test_interrupted_job_leaves_no_files(alice, state_dir, monkeypatch, interruption):
    upload(alice, b"x", "x")
    export = start(alice)

    def interrupt(*args):
        assert exports_below(state_dir)
        raise interruption

    monkeypatch.setattr(archive, "_write_file", interrupt)
    with pytest.raises(interruption):
        export_everything(Progress(), export_id=export.pk)
    assert exports_below(state_dir) == []
    assert not Export.objects.available().exists()


def test_files_of_a_killed_attempt_are_deleted_by_the_next(alice, state_dir):
    leftover = state_dir / "tmp" / f"{start(alice).pk}-abc"
    leftover.mkdir()
    (leftover / "archive.zip").write_bytes(b"incomplete")
    run_queue()
    assert exports_below(state_dir) == [f"media/exports/{Export.objects.get().pk}.zip"]


def test_export_deleted_while_it_is_made_leaves_no_archive(alice, state_dir, monkeypatch):
    export = start(alice)
    save = default_storage.save
    monkeypatch.setattr(default_storage, "save", lambda *args: (save(*args), Export.objects.all().delete()))
    with pytest.raises(TaskError):
        export_everything(Progress(), export_id=export.pk)
    assert exports_below(state_dir) == []


def test_cancelled_export_can_be_started_again(as_alice):
    export = start_export(as_alice)
    assert "Exporting everything" in as_alice.get(PAGE).text
    cancel_job(export.job)
    run_queue()
    assert "Try again" in as_alice.get(PAGE).text
    assert start_export(as_alice) != export
    run_queue()
    assert as_alice.get(URL).status_code == 200


def test_retried_job_of_a_replaced_export_fails(as_alice):
    export = start_export(as_alice)
    cancel_job(export.job)
    start_export(as_alice)
    as_alice.post(f"/progress/{export.job_id}/retry/")
    run_queue()
    assert Job.objects.get(pk=export.job_id).error_code == "deleted"
    assert as_alice.get(URL).status_code == 200


def test_export_without_space_on_the_disk_fails_with_a_message(as_alice, alice, monkeypatch):
    upload(alice, b"x", "x")
    start_export(as_alice)
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 0}))
    run_queue()
    assert Job.objects.get(task=export_everything.name).state == State.FAILED
    assert "isn&#x27;t enough space on the server" in as_alice.get(PAGE).text


def test_export_is_limited_by_the_number_of_waiting_jobs(as_alice, alice, monkeypatch):
    monkeypatch.setattr("progress.tasks.MAX_QUEUED", 1)
    assert MAX_QUEUED > 1
    make_job(owner=alice)
    assert as_alice.post(PAGE, {"section": "export"}).status_code == 429
    assert not Export.objects.exists()
