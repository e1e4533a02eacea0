"""Imports that add nothing: unreadable files, cancelled, failed and repeated jobs, and deleted uploads."""

import pytest
from django.utils.html import escape

from progress.models import Job, State
from progress.reporter import Progress
from progress.tasks import cancel_job
from tests.helpers import file, make_todo, run_queue
from tests.todos.import_export.helpers import IMPORT_URL, import_file, titles
from todos.import_export import importing, merging
from todos.models import Todo
from uploads.models import Upload


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("latin.csv", "title\nKäse\n".encode("latin-1"), "UTF-8"),
        ("open.csv", b'title\nBuy milk\n"never closed\n' + b"more\n" * 50_000, "opening quote"),
        ("half.json", b'{"todos": [{"title": "Buy milk"}', ""),
        ("deep.json", b"[" * 100_000, ""),
    ],
)
def test_unreadable_file_adds_nothing_and_shows_reason(as_alice, alice, name, content, message):
    upload = import_file(as_alice, content, name)
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "unreadable")
    assert message in upload.job.error_message
    assert titles(alice) == []
    page = f"/todos/import/{upload.pk}/"
    message = escape(upload.job.error_message)
    assert message in as_alice.get(page).text
    Job.objects.all().delete()
    assert message in as_alice.get(page).text


def test_row_limit_stops_reading(as_alice, alice, monkeypatch):
    monkeypatch.setattr(importing, "MAX_ROWS", 100)
    upload = import_file(as_alice, b"x\n" * 101 + b"\n" * 500_000 + b"\xff", "todo.txt")
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "too_many_rows")
    assert "100,000 rows" in upload.job.error_message
    assert titles(alice) == []


def test_cancelled_import_adds_nothing(as_alice, alice, monkeypatch):
    """Cancel the import after the file was read and before to-dos are written."""
    add = importing._Validator.add

    def cancel_and_add(validator, row):
        cancel_job(Job.objects.get())
        add(validator, row)

    with monkeypatch.context() as patched:
        patched.setattr(importing._Validator, "add", cancel_and_add)
        upload = import_file(as_alice, "title\none\ntwo\n")
    assert upload.job.state == State.CANCELLED
    assert alice.todos.count() == 0
    page = f"/todos/import/{upload.pk}/"
    assert "Nothing was imported" in as_alice.get(page).text
    as_alice.post(f"/progress/{upload.job.pk}/retry/")
    run_queue()
    assert "<strong>2</strong> added" in as_alice.get(page).text


def test_failure_during_writing_adds_nothing(as_alice, alice, monkeypatch):
    monkeypatch.setattr(merging, "BATCH_SIZE", 2)
    advance = Progress.advance

    def advance_and_fail(progress, n=1):
        advance(progress, n)
        if progress.current_stage.name == "Writing to-dos" and progress.current_stage.current == 4:
            raise RuntimeError("in the middle")

    make_todo(owner=alice)
    with monkeypatch.context() as patched:
        patched.setattr(Progress, "advance", advance_and_fail)
        upload = import_file(as_alice, "title\n" + "".join(f"{n}\n" for n in range(6)))
    assert upload.job.state == State.FAILED
    assert titles(alice) == ["Buy milk"]


def test_job_repeated_after_commit_returns_same_report(as_alice, alice):
    upload = import_file(as_alice, "title\none\none\n")
    report = upload.metadata["import"]
    Todo.objects.filter(pk=Todo.objects.first().pk).update(title="changed")
    assert importing.import_upload(upload, Progress()) == report
    stale = Upload.objects.get(pk=upload.pk)
    stale.metadata = {}  # as read by an attempt that started before the first one committed
    assert importing.import_upload(stale, Progress()) == report
    assert titles(alice) == ["changed", "one"]


def test_trashed_file_is_imported_only_after_restore(as_alice, alice, monkeypatch):
    add = importing._Validator.add

    def trash_and_add(validator, row):
        Upload.objects.get().trash()
        add(validator, row)

    with monkeypatch.context() as patched:
        patched.setattr(importing._Validator, "add", trash_and_add)
        upload = import_file(as_alice, "title\none\n")
    for _ in range(2):  # in the second attempt, the file is in the trash from the beginning
        job = Job.objects.get()
        assert (job.state, job.error_code, titles(alice)) == (State.FAILED, "deleted", [])
        as_alice.post(f"/progress/{job.pk}/retry/")
        run_queue()
    as_alice.post(f"/uploads/{upload.pk}/restore/")
    as_alice.post(f"/progress/{job.pk}/retry/")
    run_queue()
    assert titles(alice) == ["one"]


def test_deleted_file_is_not_imported(as_alice, alice):
    response = as_alice.post(IMPORT_URL, {"file": file(b"title\none\n", "todos.csv")})
    job = Job.objects.get()
    Upload.objects.filter(pk=response.json()["id"]).update(job=None)
    Upload.objects.get().delete()
    run_queue()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "deleted")
    assert titles(alice) == []
