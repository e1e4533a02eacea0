"""Import of a file: merging, reports of bad rows, limits and failures."""

import json
from datetime import UTC, date, datetime

import pytest
from django.utils import timezone
from django.utils.html import escape

from progress.models import Job, State
from progress.reporter import Progress
from progress.tasks import cancel_job
from tests.helpers import body, file, files_below, make_todo, problem, run_queue
from tests.paths import ROOT
from todos import ordering
from todos.formats import FORMATS
from todos.import_export import importing, merging
from todos.models import Todo
from uploads.models import Upload

URL = "/api/todos/import/"
CASES = ROOT / "tests" / "todos" / "formats" / "cases"

FIELDS = {
    "csv": ("title", "notes", "due_on", "completed_at", "created_at", "uid"),
    "ics": ("title", "notes", "due_on", "completed_at", "created_at", "uid"),
    "json": ("title", "notes", "due_on", "completed_at", "created_at", "uid"),
    "txt": ("title", "due_on"),
}
"""What each format can hold."""


def send(client, content: bytes | str, name: str = "todos.csv") -> Upload:
    """The upload, once its job has come to its end."""
    content = content.encode() if isinstance(content, str) else content
    answer = client.post(URL, {"file": file(content, name)})
    assert answer.status_code == 202, answer.content
    run_queue()
    return Upload.objects.select_related("job").get(pk=answer.json()["id"])


def counts(client, content: bytes | str, name: str = "todos.csv") -> list[int]:
    """How many were added, restored, there already, and bad."""
    upload = send(client, content, name)
    assert upload.job.state == State.SUCCEEDED, upload.job.error_message
    report = upload.metadata["import"]
    return [report[key] for key in ("added", "restored", "present", "bad")]


def exported(client, format: str) -> bytes:
    return body(client.get(f"/api/todos/export/?format={format}"))


def titles(owner) -> list[str]:
    return list(Todo.objects.visible_to(owner).in_order().values_list("title", flat=True))


def make_list(owner) -> None:
    """Of all sorts; times without fractions of a second, which iCalendar doesn't have."""
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    for number, values in enumerate(
        [
            {"title": "Buy milk", "notes": "two\nlines, and a comma", "due_on": date(2030, 1, 31)},
            {"title": "=cmd|' /C calc'!A0", "completed_at": moment},
            {"title": 'x (A) due:2030-01-31 ; "quoted"'},
            {"title": "Buy milk", "notes": "Another one"},
            {"title": "👩‍👩‍👧 مرحبا", "due_on": date(2020, 2, 29), "completed_at": moment},
        ]
    ):
        make_todo(owner=owner, created_at=moment.replace(day=number + 1), **values)
    Todo.objects.visible_to(owner).move(Todo.objects.last().pk, before=Todo.objects.first().pk)


def test_import_returns_upload_and_its_result_links_to_page(as_alice, as_bob, alice):
    answer = as_alice.post(URL, {"file": file(b"title\nBuy milk\nFeed the cat\n", "todos.csv")})
    assert answer.status_code == 202
    upload = answer.json()
    assert answer["Location"] == upload["url"] == f"http://testserver/api/uploads/{upload['id']}/"
    assert (upload["job"]["label"], upload["job"]["state"]) == ("Importing todos.csv", "queued")
    run_queue()
    upload = as_alice.get(upload["url"]).json()
    page = f"/todos/import/{upload['id']}/"
    assert upload["job"]["result"] == {"url": page, "added": 2, "restored": 0, "present": 0, "bad": 0, "remarks": 0}
    assert upload["sha256"]
    assert "<strong>2</strong> added" in as_alice.get(page).text
    assert page in as_alice.get(f"/uploads/{upload['id']}/").text
    assert as_bob.get(page).status_code == 404
    assert titles(alice) == ["Buy milk", "Feed the cat"]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("for_good", [False, True])
def test_import_of_export_restores_deleted_list(as_alice, alice, format, for_good):
    make_list(alice)
    wanted = list(alice.todos.in_order().values(*FIELDS[format]))
    made = exported(as_alice, format)
    as_alice.delete("/api/todos/")
    if for_good:
        Todo.objects.all().delete()
    assert counts(as_alice, made, f"todos.{format}") == ([5, 0, 0, 0] if for_good else [0, 5, 0, 0])
    assert list(Todo.objects.visible_to(alice).in_order().values(*FIELDS[format])) == wanted
    assert alice.todos.count() == 5


@pytest.mark.parametrize("looked_up", [0, merging.MAX_UIDS_IN_QUERY])
@pytest.mark.parametrize("format", FORMATS)
def test_repeated_import_changes_nothing(as_alice, alice, format, looked_up, monkeypatch):
    monkeypatch.setattr(merging, "MAX_UIDS_IN_QUERY", looked_up)
    make_list(alice)
    made = exported(as_alice, format)
    before = list(alice.todos.in_order().values())
    assert counts(as_alice, made, f"todos.{format}") == [0, 0, 5, 0]
    assert list(alice.todos.in_order().values()) == before


@pytest.mark.parametrize("format", FORMATS)
def test_import_by_another_user_creates_their_own_list(as_alice, as_bob, alice, bob, format):
    make_list(alice)
    before = list(alice.todos.in_order().values())
    made = exported(as_alice, format)
    assert counts(as_bob, made, f"todos.{format}") == [5, 0, 0, 0]
    assert counts(as_bob, made, f"todos.{format}") == [0, 0, 5, 0]
    assert titles(bob) == titles(alice)
    assert list(alice.todos.in_order().values()) == before


def test_todo_in_list_is_not_overwritten(as_alice, alice):
    todo = make_todo(owner=alice)
    made = exported(as_alice, "json")
    as_alice.patch(f"/api/todos/{todo.pk}/", {"title": "Buy oat milk"}, content_type="application/json")
    assert counts(as_alice, made, "todos.json") == [0, 0, 1, 0]
    assert titles(alice) == ["Buy oat milk"]


def test_trashed_todo_is_restored_to_its_position_with_file_values(as_alice, alice):
    first, _, last = (make_todo(owner=alice, title=title, notes=title) for title in ("one", "two", "three"))
    made = exported(as_alice, "csv")
    as_alice.patch(f"/api/todos/{first.pk}/", {"title": "1", "notes": "?"}, content_type="application/json")
    Todo.objects.filter(pk__in=[first.pk, last.pk]).trash()
    version = Todo.objects.get(pk=first.pk).version
    begun_at = timezone.now()
    assert counts(as_alice, made) == [0, 2, 1, 0]
    first.refresh_from_db()
    assert (first.title, first.notes, first.version) == ("one", "one", version + 1)
    assert first.updated_at >= begun_at
    assert titles(alice) == ["one", "two", "three"]


def test_todo_restored_during_import_is_not_overwritten(as_alice, alice, monkeypatch):
    todo = make_todo(owner=alice)
    made = exported(as_alice, "csv")
    Todo.objects.trash()
    write = merging._write

    def change(*written):
        Todo.objects.restore()
        Todo.objects.update(title="Buy oat milk")
        write(*written)

    monkeypatch.setattr(merging, "_write", change)
    counts(as_alice, made)
    todo.refresh_from_db()
    assert (todo.title, todo.deleted_at) == ("Buy oat milk", None)


def test_rows_without_uid_match_by_title_and_date_in_order(as_alice, alice):
    for _ in range(2):
        make_todo(owner=alice, title="Water the plants")
    make_todo(owner=alice, title="Water the plants", due_on=date(2030, 1, 31))
    lines = "Water the plants\n" * 3 + "Water the plants due:2030-01-31\nWater the plants due:2030-02-01\n"
    assert counts(as_alice, lines, "todo.txt") == [2, 0, 3, 0]
    assert counts(as_alice, lines, "todo.txt") == [0, 0, 5, 0]


def test_row_without_uid_does_not_match_todo_of_another_row(as_alice, alice):
    """As somebody writes a line below those that were exported."""
    make_todo(owner=alice, title="Buy milk", uid="known")
    rows = "title,uid\nBuy milk,known\nBuy milk,\n"
    assert counts(as_alice, rows) == [1, 0, 1, 0]
    assert counts(as_alice, rows) == [0, 0, 2, 0]


def test_repeated_uid_in_file_is_one_todo(as_alice, alice):
    assert counts(as_alice, "title,uid\nfirst,same\nsecond,same\n") == [1, 0, 1, 0]
    Todo.objects.all().trash()
    assert counts(as_alice, "title,uid\nfirst,same\nsecond,same\n") == [0, 1, 1, 0]
    assert titles(alice) == ["first"]


def test_new_todos_are_last_in_file_order_and_updated_when_written(as_alice, alice, bob, monkeypatch):
    begun_at = []

    def note(*arguments):
        begun_at.append(timezone.now())
        return merging.merge(*arguments)

    monkeypatch.setattr(importing, "merge", note)
    for place in (0, ordering.HIGHEST, ordering.HIGHEST):
        make_todo(owner=alice, title="old", order=place)
    make_todo(owner=bob, title="Bob's")
    old = datetime(2020, 1, 1, tzinfo=UTC)
    assert counts(as_alice, "title,created_at\n" + "".join(f"{n},{old.isoformat()}\n" for n in range(20))) == [
        20,
        0,
        0,
        0,
    ]
    assert titles(alice) == ["old"] * 3 + [str(n) for n in range(20)]
    new = Todo.objects.get(title="7")
    assert (new.created_at, new.version) == (old, 1)
    assert new.updated_at >= begun_at[0]
    assert titles(bob) == ["Bob's"]


def test_bad_rows_are_reported_and_valid_ones_imported(as_alice, alice):
    rows = f"title,due_on\nBuy milk,\n,2030-01-31\n{'x' * 501},\nbell\x07,\nPay,2030-02-30\nFeed the cat,2030-01-31\n"
    upload = send(as_alice, rows)
    report = upload.metadata["import"]
    assert (report["added"], report["bad"]) == (2, 4)
    told = {row["line"]: row["reason"] for row in report["bad_rows"]}
    assert list(told) == [3, 4, 5, 6]
    assert "500 characters" in told[4]
    assert "U+0007" in told[5]
    assert "2030-02-30" in told[6]
    assert titles(alice) == ["Buy milk", "Feed the cat"]
    page = as_alice.get(f"/todos/import/{upload.pk}/").text
    assert "<strong>4</strong> left out" in page
    assert '<td>5</td><td dir="auto">Title: Remove the control character U+0007' in page


def test_remarks_name_what_was_left_out_of_valid_rows(as_alice, alice):
    rows = "title,tags,estimate\nBuy milk,home,3 h\n,home,\nFeed the cat,,\n"
    upload = send(as_alice, rows)
    report = upload.metadata["import"]
    assert (report["added"], report["bad"], report["remarks"]) == (2, 1, 2)
    assert report["remark_rows"] == [
        {
            "line": None,
            "reason": "Columns without a counterpart here were left out, first used in: “estimate” (line 2).",
        },
        {"line": 2, "reason": "Imported without: tags “home”."},
    ]
    assert [row["line"] for row in report["bad_rows"]] == [3]
    page = as_alice.get(f"/todos/import/{upload.pk}/").text
    assert "<strong>2</strong> remarks" in page
    assert "<td>2</td><td>Imported without: tags “home”.</td>" in page
    assert "<td>All</td><td>Columns without" in page
    assert as_alice.get(f"/api/uploads/{upload.pk}/").json()["metadata"]["import"] == report


def test_remarks_beyond_limit_are_only_counted(as_alice, monkeypatch):
    monkeypatch.setattr(importing, "MAX_LISTED", 3)
    upload = send(as_alice, "title,tags\n" + "good,home\n" * 5)
    report = upload.metadata["import"]
    assert (report["added"], report["remarks"], len(report["remark_rows"])) == (5, 5, 3)
    assert "the first 3 of 5 remarks" in as_alice.get(f"/todos/import/{upload.pk}/").text


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", 'title\n"two\nlines"\n'),
        ("a.csv", 'title\n"two \r\n\t lines\n"\n'),
        ("a.ics", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:two\\nlines\nEND:VTODO\nEND:VCALENDAR\n"),
        ("a.json", '[{"title": "two\\u2028lines"}]'),
    ],
)
def test_line_break_in_a_title_becomes_a_space(as_alice, alice, name, content):
    assert counts(as_alice, content, name) == [1, 0, 0, 0]
    assert titles(alice) == ["two lines"]


def test_calendar_with_only_events_adds_nothing_and_is_explained(as_alice, alice):
    upload = send(as_alice, (CASES / "vevent_only.ics").read_bytes(), "vevent_only.ics")
    assert (upload.job.state, upload.metadata["import"]["added"], titles(alice)) == (State.SUCCEEDED, 0, [])
    page = as_alice.get(f"/todos/import/{upload.pk}/").text
    assert "1 event was left out: only to-dos are imported." in page
    assert "There are no to-dos in this calendar." in page


def test_bad_rows_beyond_limit_are_only_counted(as_alice, monkeypatch):
    monkeypatch.setattr(importing, "MAX_LISTED", 3)
    upload = send(as_alice, "title\ngood\n" + "\x07\n" * 5)
    report = upload.metadata["import"]
    assert (report["added"], report["bad"], len(report["bad_rows"])) == (1, 5, 3)
    assert "the first 3 of 5" in as_alice.get(f"/todos/import/{upload.pk}/").text


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("latin.csv", "title\nKäse\n".encode("latin-1"), "UTF-8"),
        ("open.csv", b'title\nBuy milk\n"never closed\n' + b"more\n" * 50_000, "quote opens"),
        ("half.json", b'{"todos": [{"title": "Buy milk"}', ""),
        ("deep.json", b"[" * 100_000, ""),
    ],
)
def test_unreadable_file_adds_nothing_and_shows_reason(as_alice, alice, name, content, words):
    upload = send(as_alice, content, name)
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "unreadable")
    assert words in upload.job.error_message
    assert titles(alice) == []
    page = f"/todos/import/{upload.pk}/"
    shown = escape(upload.job.error_message)
    assert shown in as_alice.get(page).text
    Job.objects.all().delete()
    assert shown in as_alice.get(page).text


def test_row_limit_stops_reading(as_alice, alice, monkeypatch):
    monkeypatch.setattr(importing, "MAX_ROWS", 100)
    upload = send(as_alice, b"x\n" * 101 + b"\n" * 500_000 + b"\xff", "todo.txt")
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "too_many_rows")
    assert "100,000 rows" in upload.job.error_message
    assert titles(alice) == []


def test_utf_16_file_is_imported(as_alice, alice):
    assert counts(as_alice, "title\nKäse\n".encode("utf-16")) == [1, 0, 0, 0]
    assert titles(alice) == ["Käse"]


def test_nested_json_and_unknown_fields_are_bad_rows(as_alice):
    rows = [{"title": {"nested": []}}, {"title": "\ud800"}, {"title": "nul\0"}, 7, {"title": "good"}]
    upload = send(as_alice, json.dumps(rows), "todos.json")
    assert (upload.metadata["import"]["added"], upload.metadata["import"]["bad"]) == (1, 4)


def test_recurring_todo_is_imported_once(as_alice, alice):
    bomb = "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nSUMMARY:Boom\nRRULE:FREQ=SECONDLY\nEND:VTODO\nEND:VCALENDAR\n"
    assert counts(as_alice, bomb, "bomb.ics") == [1, 0, 0, 0]
    assert titles(alice) == ["Boom"]


def test_cancelled_import_adds_nothing(as_alice, alice, monkeypatch):
    """Cancelled when all is read and nothing is written yet."""
    taken = importing._Validator.add

    def cancel(judge, row):
        cancel_job(Job.objects.get())
        taken(judge, row)

    with monkeypatch.context() as patched:
        patched.setattr(importing._Validator, "add", cancel)
        upload = send(as_alice, "title\none\ntwo\n")
    assert upload.job.state == State.CANCELLED
    assert alice.todos.count() == 0
    page = f"/todos/import/{upload.pk}/"
    assert "Nothing was imported" in as_alice.get(page).text
    as_alice.post(f"/progress/{upload.job.pk}/retry/")
    run_queue()
    assert "<strong>2</strong> added" in as_alice.get(page).text


def test_page_and_guide_say_that_valid_rows_are_added_and_failed_imports_add_nothing(as_alice):
    page, guide = (" ".join(as_alice.get(url).text.split()) for url in ("/todos/import/", "/guide/"))
    assert "the other rows are added. An import that fails or is cancelled adds nothing" in page
    assert (
        "Valid rows are added and invalid ones are reported. An import that fails or is cancelled adds nothing" in guide
    )


def test_failure_during_writing_adds_nothing(as_alice, alice, monkeypatch):
    monkeypatch.setattr(merging, "BATCH_SIZE", 2)
    advance = Progress.advance

    def fail(progress, n=1):
        advance(progress, n)
        if progress.current_stage.name == "Writing to-dos" and progress.current_stage.current == 4:
            raise RuntimeError("in the middle")

    make_todo(owner=alice)
    with monkeypatch.context() as patched:
        patched.setattr(Progress, "advance", fail)
        upload = send(as_alice, "title\n" + "".join(f"{n}\n" for n in range(6)))
    assert upload.job.state == State.FAILED
    assert titles(alice) == ["Buy milk"]


def test_job_repeated_after_commit_returns_same_report(as_alice, alice):
    upload = send(as_alice, "title\none\none\n")
    report = upload.metadata["import"]
    Todo.objects.filter(pk=Todo.objects.first().pk).update(title="changed")
    assert importing.import_upload(upload, Progress()) == report
    stale = Upload.objects.get(pk=upload.pk)
    stale.metadata = {}  # as an attempt has it that began before the other one ended
    assert importing.import_upload(stale, Progress()) == report
    assert titles(alice) == ["changed", "one"]


def test_trashed_file_is_imported_only_after_restore(as_alice, alice, monkeypatch):
    taken = importing._Validator.add

    def trash(judge, row):
        Upload.objects.get().trash()
        taken(judge, row)

    with monkeypatch.context() as patched:
        patched.setattr(importing._Validator, "add", trash)
        upload = send(as_alice, "title\none\n")
    for _ in range(2):  # the second time it is in the trash from the beginning
        job = Job.objects.get()
        assert (job.state, job.error_code, titles(alice)) == (State.FAILED, "deleted", [])
        as_alice.post(f"/progress/{job.pk}/retry/")
        run_queue()
    as_alice.post(f"/uploads/{upload.pk}/restore/")
    as_alice.post(f"/progress/{job.pk}/retry/")
    run_queue()
    assert titles(alice) == ["one"]


def test_deleted_file_is_not_imported(as_alice, alice):
    answer = as_alice.post(URL, {"file": file(b"title\none\n", "todos.csv")})
    job = Job.objects.get()
    Upload.objects.filter(pk=answer.json()["id"]).update(job=None)
    Upload.objects.get().delete()
    run_queue()
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "deleted")
    assert titles(alice) == []


@pytest.mark.parametrize(
    ("sent", "status", "words"),
    [
        ({}, 422, "Choose a file"),
        ({"file": file(b"", "todos.csv")}, 422, "This file is empty."),
        ({"file": file(b"\x89PNG\r\n\x1a\n", "todos.png")}, 415, "csv, txt, ics, json"),
        ({"file": file(b"\0\1\2\3" * 100, "todos")}, 415, "csv, txt, ics, json"),
        ({"file": file(b"PK\3\4" + b"data.json" * 100, "vikunja-export.zip")}, 415, "Unpack it"),
    ],
)
def test_unsupported_file_is_rejected_immediately_by_page_and_api(as_alice, state_dir, sent, status, words):
    answer = problem(as_alice.post(URL, sent), status)
    assert words in str(answer.get("errors") or answer["detail"])
    for value in sent.values():
        value.seek(0)
    page = as_alice.post("/todos/import/", sent)
    assert page.status_code == status
    assert words in page.text
    assert not Upload.objects.exists()
    assert files_below(state_dir) == []


def test_oversized_file_is_rejected(as_alice, monkeypatch, settings):
    monkeypatch.setattr("todos.import_export.views.MAX_BYTES", 10)
    assert "Split it" in problem(as_alice.post(URL, {"file": file(b"title\n" + b"x" * 9, "todos.csv")}), 413)["detail"]
    monkeypatch.undo()
    settings.USER_QUOTA_BYTES = 10
    assert "no room" in problem(as_alice.post(URL, {"file": file(b"title\n" + b"x" * 9, "todos.csv")}), 413)["detail"]
    huge = as_alice.post(URL, b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=65 * 1024**2)
    assert "at most" in problem(huge, 413)["detail"]
    assert problem(as_alice.post(URL, {"file": "x"}, content_type="application/json"), 415)
    assert problem(as_alice.get(URL), 405)


def test_page_links_all_formats_and_imports_a_file(as_alice, alice):
    assert "/todos/import/" in as_alice.get("/todos/").text
    page = as_alice.get("/todos/import/").text
    assert all(f"/api/todos/export/?format={format}" in page for format in FORMATS)
    answer = as_alice.post("/todos/import/", {"file": file(b"title\none\n", "todos.csv")})
    shown = as_alice.get(answer["Location"]).text
    assert "Importing todos.csv" in shown
    assert 'http-equiv="refresh"' in shown
    run_queue()
    assert titles(alice) == ["one"]


def test_ordinary_upload_has_no_import_page(as_alice):
    upload = as_alice.post("/api/uploads/", {"file": file()}).json()
    run_queue()
    assert as_alice.get(f"/todos/import/{upload['id']}/").status_code == 404


def test_short_file_with_uids_does_not_read_whole_list(alice, django_assert_num_queries):
    for number in range(20):
        make_todo(owner=alice, uid=f"{number}")
    prepared = [merging.TodoPreparer(Todo(owner=alice)).prepare("7", {"title": "x", "notes": "", "due_on": None})]
    with django_assert_num_queries(1) as queries:
        existing = merging._ExistingTodos(alice, prepared)
    assert "IN ('7')" in queries[0]["sql"]
    assert existing.match(prepared[0]).uid == "7"


def test_import_of_many_rows_runs_few_queries(as_alice, alice, django_assert_max_num_queries):
    make_todo(owner=alice)
    as_alice.post(URL, {"file": file(b"title\n" + b"x\n" * 300, "todos.csv")})
    with django_assert_max_num_queries(60):  # of which most are the job's own
        run_queue()
    assert alice.todos.count() == 301
