"""JSON: Headway's own documents, the list of the API, bad to-dos and unreadable documents."""

import json
from datetime import date

import pytest

from tests.helpers import make_todo
from tests.todos.formats.helpers import NOW, read, titles, write
from todos.formats import BadRow, Row, UnreadableFile


def document(*todos: str) -> str:
    """Return a document with one to-do per line, the first one on line 2."""
    return '{"format": "headway-todos", "version": 1, "todos": [\n' + ",\n".join(todos) + "\n]}"


def test_export_is_a_document_with_one_todo_per_line():
    raw = write("json", [Row("Café", "two\nlines", date(2030, 1, 31), NOW, NOW, "7"), Row("Open", created_at=NOW)])
    assert json.loads(raw) == {
        "format": "headway-todos",
        "version": 1,
        "todos": [
            {
                "title": "Café",
                "notes": "two\nlines",
                "due_on": "2030-01-31",
                "completed_at": "2026-11-25T09:00:00+00:00",
                "created_at": "2026-11-25T09:00:00+00:00",
                "uid": "7",
            },
            {"title": "Open", "created_at": "2026-11-25T09:00:00+00:00"},
        ],
    }
    assert len(raw.splitlines()) == 4


def test_api_response_is_read(as_alice, alice):
    long_notes = "😀" * 20_000  # the API escapes these characters
    make_todo(owner=alice, title="Open", notes=long_notes, due_on=date(2030, 1, 31), created_at=NOW)
    done = make_todo(owner=alice, title="Done", completed_at=NOW, created_at=NOW)
    rows = read("json", as_alice.get("/api/todos/").content)
    assert [row.title for row in rows] == ["Open", "Done"]
    assert (rows[0].notes, rows[0].due_on, rows[0].completed_at) == (long_notes, date(2030, 1, 31), None)
    assert (rows[1].completed_at, rows[1].created_at) == (NOW, NOW)
    assert rows[1].uid == f"http://testserver/api/todos/{done.pk}/"


@pytest.mark.parametrize("indent", [None, 0, 2, 50])
@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n"])
def test_whitespace_affects_only_line_numbers(indent, newline):
    todos = [{"title": f"{number} {'x' * number}", "notes": None} for number in range(500)]
    content = json.dumps({"todos": todos, "other": {"nested": [1, 2]}, "version": 1}, indent=indent)
    rows = read("json", content.replace("\n", newline))
    assert titles(rows) == [todo["title"] for todo in todos]
    lines = content.split("\n")
    assert all(lines[row.line - 1].strip() in ("{", lines[0]) for row in rows)


@pytest.mark.time_machine(NOW, tick=False)
def test_completed_todo_without_time_is_completed_now():
    rows = read("json", document('{"title": "A", "completed": true}', '{"title": "B", "completed": false}'))
    assert [row.completed_at for row in rows] == [NOW, None]


@pytest.mark.parametrize(
    ("todo", "reason"),
    [
        ('"Buy milk"', 'This is not a to-do. A to-do is an object, like {"title": "Pay rent"}.'),
        ("null", 'This is not a to-do. A to-do is an object, like {"title": "Pay rent"}.'),
        ("12", 'This is not a to-do. A to-do is an object, like {"title": "Pay rent"}.'),
        ("[[[]]]", 'This is not a to-do. A to-do is an object, like {"title": "Pay rent"}.'),
        ("{}", "The title is missing. Enter a title."),
        ('{"title": " "}', "The title is missing. Enter a title."),
        ('{"title": {"nested": ["x"]}}', "“title” must be a string or null."),
        ('{"title": "x", "notes": 7}', "“notes” must be a string or null."),
        ('{"title": "x", "due_on": 20300131}', "“due_on” must be a string or null."),
        (
            '{"title": "x", "due_on": "soon"}',
            "“soon” is not a valid date. Write it as year-month-day, like 2030-01-31.",
        ),
        (
            '{"title": "x", "due_on": "\\ud800"}',
            "“\ufffd” is not a valid date. Write it as year-month-day, like 2030-01-31.",
        ),
        ('{"title": "x", "completed": "yes"}', "“completed” must be true or false."),
        ('{"title": "x", "completed": NaN}', "“completed” must be true or false."),
        (
            '{"title": "x", "completed_at": "0001-01-01T00:00:00+14:00"}',
            "“0001-01-01T00:00:00+14:00” is not a valid time. Write it like 2030-01-31T09:00:00Z or 2030-01-31.",
        ),
        (
            '{"title": "x", "colour": "red"}',
            "Unknown field “colour”. The fields are title, notes, due_on, completed_at, created_at, uid.",
        ),
    ],
)
def test_bad_todo_has_reason_and_does_not_affect_others(todo, reason):
    assert read("json", document('{"title": "A"}', todo, '{"title": "B"}')) == [
        Row("A", line=2),
        BadRow(3, reason),
        Row("B", line=4),
    ]


NESTED = "[" * 100_000
INVALID = "is incomplete, not valid JSON, or longer than 500,000 characters"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "This file is empty."),
        (" \n \n", "This file is empty."),
        ("title,notes\n", "Line 1 is not JSON"),
        ("\n7", "Line 2 is not JSON"),
        ("{}", "no list “todos”"),
        ('{"todos": {"title": "A"}}', "no list “todos”"),
        ('{"format": "other", "todos": []}', "format of this file is not “headway-todos”"),
        ('{"version": 2, "todos": []}', "version of this file is not 1"),
        ('{"todos": [], "version": "1"}', "version of this file is not 1"),
        ("[]\n[]", "Line 2 has content after"),
        ("[1\n2]", f"starts on line 2 {INVALID}"),
        ('[\n{"title": "A"},\n]', f"starts on line 3 {INVALID}"),
        ('[\n\n{"title": "A"', f"starts on line 3 {INVALID}"),
        ('{"todos": [{"title": "A"}', f"starts on line 1 {INVALID}"),
        ('{\n"todos" []}', f"starts on line 2 {INVALID}"),
        ('[\n{"title": "' + "long " * 200_000 + '"}]', f"starts on line 2 {INVALID}"),
        ('[\n{"title": ' + "1" * 5_000 + "}]", f"starts on line 2 {INVALID}"),
        (f"[\n{NESTED}", "The value that starts on line 2 is nested too deeply. Remove it."),
        ('[\n{"title": ' + NESTED, "The value that starts on line 2 is nested too deeply. Remove it."),
    ],
    ids=lambda text: text[:30],
)
def test_invalid_document_is_unreadable(content, reason):
    with pytest.raises(UnreadableFile) as error:
        read("json", content)
    assert reason in str(error.value)
