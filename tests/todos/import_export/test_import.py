"""Import of a file by API and page: the response, the page, and files that are rejected or converted."""

import pytest

from tests.helpers import file, files_below, make_todo, problem, run_queue
from tests.todos.import_export.helpers import IMPORT_URL, import_counts, titles
from todos.formats import FORMATS
from uploads.models import Upload


def test_import_returns_upload_and_its_result_links_to_page(as_alice, as_bob, alice):
    response = as_alice.post(IMPORT_URL, {"file": file(b"title\nBuy milk\nFeed the cat\n", "todos.csv")})
    assert response.status_code == 202
    upload = response.json()
    assert response["Location"] == upload["url"] == f"http://testserver/api/uploads/{upload['id']}/"
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


def test_page_links_all_formats_and_imports_a_file(as_alice, alice):
    assert "/todos/import/" in as_alice.get("/todos/").text
    page = as_alice.get("/todos/import/").text
    assert all(f"/api/todos/export/?format={format}" in page for format in FORMATS)
    response = as_alice.post("/todos/import/", {"file": file(b"title\none\n", "todos.csv")})
    page_of_import = as_alice.get(response["Location"]).text
    assert "Importing todos.csv" in page_of_import
    assert 'http-equiv="refresh"' in page_of_import
    run_queue()
    assert titles(alice) == ["one"]


def test_ordinary_upload_has_no_import_page(as_alice):
    upload = as_alice.post("/api/uploads/", {"file": file()}).json()
    run_queue()
    assert as_alice.get(f"/todos/import/{upload['id']}/").status_code == 404


def test_page_and_guide_explain_bad_rows_and_failures(as_alice):
    page, guide = (" ".join(as_alice.get(url).text.split()) for url in ("/todos/import/", "/guide/"))
    assert "the other rows are added. If the import fails or you cancel it, nothing is added" in page
    assert (
        "Valid rows are added and invalid ones are reported. An import that fails or is cancelled adds nothing" in guide
    )


@pytest.mark.parametrize(
    ("data", "status", "message"),
    [
        ({}, 422, "Choose a file"),
        ({"file": file(b"", "todos.csv")}, 422, "This file is empty."),
        ({"file": file(b"\x89PNG\r\n\x1a\n", "todos.png")}, 415, "csv, txt, ics, json"),
        ({"file": file(b"\0\1\2\3" * 100, "todos")}, 415, "csv, txt, ics, json"),
        ({"file": file(b"PK\3\4" + b"data.json" * 100, "vikunja-export.zip")}, 415, "Unpack it"),
    ],
)
def test_unsupported_file_is_rejected_immediately_by_page_and_api(as_alice, state_dir, data, status, message):
    body = problem(as_alice.post(IMPORT_URL, data), status)
    assert message in str(body.get("errors") or body["detail"])
    for value in data.values():
        value.seek(0)
    page = as_alice.post("/todos/import/", data)
    assert page.status_code == status
    assert message in page.text
    assert not Upload.objects.exists()
    assert files_below(state_dir) == []


def test_oversized_file_is_rejected(as_alice, monkeypatch, settings):
    def reject() -> str:
        response = as_alice.post(IMPORT_URL, {"file": file(b"title\n" + b"x" * 9, "todos.csv")})
        return problem(response, 413)["detail"]

    monkeypatch.setattr("todos.import_export.views.MAX_BYTES", 10)
    assert "the limit for imports" in reject()
    monkeypatch.undo()
    settings.USER_QUOTA_BYTES = 10
    assert "enough space" in reject()
    huge = as_alice.post(IMPORT_URL, b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=65 * 1024**2)
    assert "at most" in problem(huge, 413)["detail"]


def test_import_accepts_only_multipart_posts(as_alice):
    problem(as_alice.post(IMPORT_URL, {"file": "x"}, content_type="application/json"), 415)
    problem(as_alice.get(IMPORT_URL), 405)


def test_utf_16_file_is_imported(as_alice, alice):
    assert import_counts(as_alice, "title\nKäse\n".encode("utf-16")) == [1, 0, 0, 0]
    assert titles(alice) == ["Käse"]


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
    assert import_counts(as_alice, content, name) == [1, 0, 0, 0]
    assert titles(alice) == ["two lines"]


def test_recurring_todo_is_imported_once(as_alice, alice):
    calendar = "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nSUMMARY:Boom\nRRULE:FREQ=SECONDLY\nEND:VTODO\nEND:VCALENDAR\n"
    assert import_counts(as_alice, calendar, "boom.ics") == [1, 0, 0, 0]
    assert titles(alice) == ["Boom"]


def test_import_of_many_rows_runs_few_queries(as_alice, alice, django_assert_max_num_queries):
    make_todo(owner=alice)
    as_alice.post(IMPORT_URL, {"file": file(b"title\n" + b"x\n" * 300, "todos.csv")})
    with django_assert_max_num_queries(60):  # the job itself runs most of them
        run_queue()
    assert alice.todos.count() == 301
