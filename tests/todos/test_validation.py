"""Validation of to-dos, which is the same in the API, on pages, in imports and in the admin."""

import json

import pytest

from tests.helpers import file, make_todo, problem, run_queue
from todos.models import Todo
from uploads.models import Upload

JSON = "application/json"

INVISIBLE = [
    *("\u200b", "\u3164", "\u2800", "\u00ad", "\u200d", "\ufeff", "\u202e", "\u2066\u2069", "\u115f\u1160", "\uffa0"),
    *("\ufe0f", "\u034f", "\u180e", "\u0301", "\u20dd", "\u0903", "\U000e0041", " \u200b \u3164 \u2800 "),
]
"""Titles without a visible character."""

INVALID = [
    ({}, "title", "Enter a title"),
    ({"title": ""}, "title", "Enter a title"),
    ({"title": " \u00a0\u2003 "}, "title", "Enter a title"),
    *(({"title": title}, "title", "Enter a title") for title in INVISIBLE),
    ({"title": "x" * 501}, "title", "500"),
    ({"title": "nul\0"}, "title", "Null characters"),
    ({"title": "bell\x07"}, "title", "U+0007"),
    ({"title": "two\nlines"}, "title", "U+000A"),
    ({"title": "two\u2028lines"}, "title", "U+2028"),
    ({"title": {"nested": ["x"]}}, "title", "a string"),
    ({"title": ["x"]}, "title", "a string"),
    ({"title": None}, "title", "a string"),
    ({"title": 7}, "title", "a string"),
    ({"title": "x", "notes": "n" * 20_001}, "notes", "20000"),
    ({"title": "x", "notes": "\x1b[2J"}, "notes", "U+001B"),
    ({"title": "x", "notes": None}, "notes", "a string"),
    ({"title": "x", "due_on": "soon"}, "due_on", "2030-01-31"),
    ({"title": "x", "due_on": "2030-02-30"}, "due_on", "2030-01-31"),
    ({"title": "x", "due_on": "31.01.2030"}, "due_on", "2030-01-31"),
    ({"title": "x", "due_on": 20300131}, "due_on", "2030-01-31"),
    ({"title": "x", "completed": "false"}, "completed", "true or false"),
    ({"title": "x", "completed": None}, "completed", "true or false"),
    ({"title": "x", "order": True}, "order", "an integer"),
    ({"title": "x", "order": 1.5}, "order", "an integer"),
    ({"title": "x", "order": "1"}, "order", "an integer"),
    ({"title": "x", "order": 2**63}, "order", "less than or equal"),
    ({"title": "x", "order": -(2**63) - 1}, "order", "greater than or equal"),
    ({"title": "x", "attachments": "x"}, "attachments", "a list"),
    ({"title": "x", "attachments": [["x"]]}, "attachments", "a list"),
    ({"title": "x", "attachments": ["x"]}, "attachments", "not a valid UUID"),
    ({"quick_add": 1}, "quick_add", "a string"),
    ({"quick_add": None}, "quick_add", "a string"),
    ({"quick_add": " "}, "quick_add", "Enter a title"),
    ({"quick_add": "x" * 501 + " today"}, "quick_add", "500 characters"),
    ({"quick_add": "\x07 today"}, "quick_add", "U+0007"),
    ({"title": "x", "quick_add": "x today"}, "quick_add", "not both"),
    ({"quick_add": "x today", "time_zone": 1}, "time_zone", "a time zone"),
    ({"title": "x", "time_zone": "Europe/Berlin"}, "time_zone", "belongs to quick_add"),
    ({"title": "x", "colour": "red"}, "colour", "no such field"),
    ({"title": "x", "owner": 1}, "owner", "no such field"),
    ({"title": "x", "id": 1}, "id", "read-only"),
    ({"title": "x", "completed_at": "2030-01-31T00:00Z"}, "completed_at", "read-only"),
]


def test_api_reports_invalid_fields(as_alice, alice, subtests):
    todo = make_todo(owner=alice)
    for body, field, message in INVALID:
        with subtests.test(body=body):
            responses = [as_alice.post("/api/todos/", body, content_type=JSON)]
            if body:
                responses.append(as_alice.patch(f"/api/todos/{todo.pk}/", body, content_type=JSON))
            for response in responses:
                errors = problem(response, 422)["errors"]
                assert list(errors) == [field]
                assert message in errors[field][0]
            unchanged = Todo.objects.get()
            assert (unchanged.title, unchanged.version) == ("Buy milk", 1)


def test_api_reports_all_invalid_fields_together(as_alice):
    body = {"title": " ", "notes": 1, "due_on": "x", "colour": "red"}
    assert set(problem(as_alice.post("/api/todos/", body, content_type=JSON), 422)["errors"]) == set(body)


@pytest.mark.parametrize(
    "body",
    [
        *(b" ", b"{", b"title=x", b"\xff", b'{"title": "\\ud800"}', b'{"title": "x", "order": 1' + b"0" * 5000 + b"}"),
        *(b"[" * 100_000, b'{"a":' * 100_000, b"[]", b'"x"', b"null", b"7"),
    ],
)
def test_api_body_without_an_object_returns_400(as_alice, alice, body):
    todo = make_todo(owner=alice)
    problem(as_alice.post("/api/todos/", body, content_type=JSON), 400)
    problem(as_alice.patch(f"/api/todos/{todo.pk}/", body, content_type=JSON), 400)
    assert Todo.objects.get().title == "Buy milk"


def test_api_rejects_non_finite_numbers(as_alice):
    for number in ("NaN", "Infinity", "1e400"):
        response = as_alice.post("/api/todos/", f'{{"title": "x", "order": {number}}}', content_type=JSON)
        assert problem(response, 422)["errors"]["order"] == ["This must be an integer."]


def test_api_body_of_another_media_type_returns_415(as_alice, alice):
    todo = make_todo(owner=alice)
    problem(as_alice.post("/api/todos/", {"title": "x"}), 415)
    problem(as_alice.patch(f"/api/todos/{todo.pk}/", "title=x", content_type="text/plain"), 415)


def test_oversized_api_body_returns_413(as_alice):
    large = json.dumps({"title": "x", "notes": "n" * 3_000_000})
    problem(as_alice.post("/api/todos/", large, content_type=JSON), 413)


@pytest.mark.parametrize(
    "title",
    [
        *("👩‍👩‍👧", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "☕️", "é", "e\u0301", "क्ष", "می\u200cخواهم", "ㅤa", "\u06dd", "\ue000", "\U0001faff", "."),
        *("x" * 500, "<b>", "مرحبا", "👩‍👩‍👧 ☕", "=cmd|' /C calc'!A0", "\\", "'; DROP TABLE todos_todo; --"),
    ],
)
def test_visible_title_is_stored_unchanged(as_alice, title):
    assert as_alice.post("/api/todos/", {"title": title}, content_type=JSON).json()["title"] == title
    assert Todo.objects.get().title == title


def test_notes_may_contain_line_breaks_and_tabs(as_alice):
    response = as_alice.post("/api/todos/", {"title": "x", "notes": "a\r\n\tb\rc"}, content_type=JSON)
    assert response.json()["notes"] == "a\n\tb\nc"


def test_pages_reject_invalid_fields(as_alice, alice):
    todo = make_todo(owner=alice)
    for invalid in ({"title": "bell\x07"}, {"title": "x", "notes": "\x1b"}, {"title": "x", "due_on": "31.01.2030"}):
        assert as_alice.post(f"/todos/{todo.pk}/", invalid).status_code == 422
    assert as_alice.post("/todos/", {"title": "bell\x07"}).status_code == 422
    assert Todo.objects.get().title == "Buy milk"


def test_forms_reject_titles_without_a_visible_character(as_alice, as_admin, alice, subtests):
    todo = make_todo(owner=alice)
    for title in INVISIBLE:
        with subtests.test(title=title):
            for url in ("/todos/", f"/todos/{todo.pk}/rename/"):
                assert as_alice.post(url, {"title": title}, headers={"HX-Request": "true"}).status_code == 422
    title = INVISIBLE[0]  # one title is enough: rendering these pages is slow
    assert as_alice.post(f"/todos/{todo.pk}/", {"title": title}).status_code == 422
    changed = as_admin.post(f"/admin/todos/todo/{todo.pk}/change/", admin_form(todo, title))
    assert "Enter a title." in changed.text
    assert Todo.objects.get().title == "Buy milk"


def test_import_rejects_titles_without_a_visible_character(as_alice, alice):
    content = json.dumps([{"title": title} for title in [*INVISIBLE, "Feed the cat"]]).encode()
    as_alice.post("/api/todos/import/", {"file": file(content, "todos.json")})
    run_queue()
    report = Upload.objects.get().metadata["import"]
    assert (report["added"], report["bad"]) == (1, len(INVISIBLE))
    assert alice.todos.get().title == "Feed the cat"


def test_admin_rejects_control_characters_and_keeps_line_breaks_of_notes(as_admin, alice):
    todo = make_todo(owner=alice)
    url = f"/admin/todos/todo/{todo.pk}/change/"
    assert "U+0007" in as_admin.post(url, admin_form(todo, "bell\x07")).text
    assert as_admin.post(url, admin_form(todo, "Feed the cat", notes="two\r\nlines")).status_code == 302
    todo.refresh_from_db()
    assert (todo.title, todo.notes) == ("Feed the cat", "two\nlines")


def admin_form(todo: Todo, title: str, notes: str = "") -> dict[str, str | int]:
    management = {f"attachments-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL")}
    return {"owner": todo.owner_id, "title": title, "notes": notes, "order": todo.order, **management}


def test_date_after_an_invisible_title_stays_in_the_title(as_alice, alice):
    as_alice.post("/todos/", {"title": "\u200b tomorrow"})
    todo = Todo.objects.get()
    assert (todo.title, todo.due_on) == ("\u200b tomorrow", None)
