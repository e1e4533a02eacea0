"""Unreadable files, random content, encodings, and detection of formats."""

import io
import tracemalloc
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.todos.formats.helpers import PATIENT, EndlessFile, Entry, read, titles
from todos.formats import FORMATS, BadRow, Row, UnreadableFile, detect_format

BEGINNINGS = [
    *(b"", b"\xff\xfe", b"title,due_on\n", b"sep=;\ntitle;tags;completed;created;x\n", b'[{"tasks": ['),
    *(b"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY;ENCODING=QUOTED-PRINTABLE:=", b'{"items": [{"items": ['),
    b"TYPE,CONTENT,DATE\n",
    *(b"BEGIN:VCALENDAR\nBEGIN:VTODO\n", b'[{"title": "', b'[{"title": "A", "status": "completed", '),
]
FRAGMENTS = [
    *(b"\0", b"\n", b"\r", b" ", b'"', b",", b":", b";", b"\\"),
    *(b"task,", b"note,", b"x ", b"2030-01-31 ", b"due:2030-02-31"),
    *(b"SUMMARY:A\n", b"DUE:", b"COMPLETED;TZID=", b"END:VTODO\n", b"BEGIN:VTODO\n", b"20300131T000000Z\n"),
    *(b"1/2/26", b"13/1/2026 9:00 pm", b"=", b"=\n", b"DTSTART:", b"DURATION:P1W\n", b"CATEGORIES:", b"=FF"),
    *(b'"done": true', b'"tasks": ', b'"items": ', b'"description": "<p"', b'"status": "completed"', b'"due": "'),
    *(b"due:2030-01-31T99:99", b"0001-01-01T00:53:28+00:53", b"0000-12-31T", b"DUE:00010101T000000Z\n"),
    *(b'"lists": ', b'"scheduled_time": ', b'{"current": true, "start": ', b"7", b"true", b", ", b'"title": "A", '),
    *(b"{", b"}", b"[", b"]", b'"completed_at": ', b'"title": ', b"\\ud800", b"1e999", b"9999-12-31T23:59:59-14:00"),
]
LONG_TEXT = b"long " * 200
UNCLOSED_QUOTE = "The row that starts on line {} has an opening quote without a closing quote within 100,000 characters"


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("csv", b"", "This file is empty."),
        ("csv", b"\xef\xbb\xbf\r\n \r\n,,\r\n", "This file is empty."),
        ("ics", b"\n\n", "This file is empty."),
        ("csv", b"Aufgabe\nMilch\n", "No column is named “title”"),
        ("csv", b"x" * 200_000, "Line 1 must contain the column names. This is longer than 100,000 characters"),
        ("csv", "title\nok\nok\nCafé\n".encode("latin-1"), "Line 4 is not text in UTF-8. Save the file as UTF-8"),
        ("csv", "title\r\nok\rCafé\n".encode("latin-1"), "Line 3 is not text in UTF-8"),
        ("csv", "title\n".encode("utf-16") + b"\x00\xd8\x0a\x00", "Line 2 is not text in UTF-8"),
        ("csv", b"title\n" + b"a line\n" * 10_000 + b"\xed\xa0\x80", "Line 10002 is not text in UTF-8"),
        ("csv", b"title\ncut off in \xc3", "Line 2 is not text in UTF-8"),
        ("csv", "title\n".encode("utf-16-le"), "Line 1 is not text in UTF-8"),
        ("txt", "Buy milk\n".encode("utf-16-be"), "Line 1 is not text in UTF-8"),
        ("csv", b'title\nok\n"open\nfor\never', UNCLOSED_QUOTE.format(3)),
        ("csv", b'"title\nok\n', UNCLOSED_QUOTE.format(1)),
        ("csv", b'title,notes\n\n"A","open\n' + b"line\n" * 50_000, UNCLOSED_QUOTE.format(3)),
        ("txt", "ok\nCafé\n".encode("latin-1"), "Line 2 is not text in UTF-8"),
        ("ics", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:Café\n".encode("latin-1"), "Line 3 is not text in UTF-8"),
        ("ics", b"\r\nBEGIN:VTODO\r\nSUMMARY:A\r\nEND:VTODO", "Line 2 must be BEGIN:VCALENDAR"),
        ("json", '[{"title": "Café"}]'.encode("latin-1"), "Line 1 is not text in UTF-8"),
    ],
)
def test_unreadable_file_error_names_cause_and_line(name, content, reason):
    with pytest.raises(UnreadableFile) as error:
        read(name, content)
    assert reason in str(error.value)


def test_unclosed_quote_stops_reading_at_the_limit():
    with pytest.raises(UnreadableFile, match=UNCLOSED_QUOTE.format(2)):
        list(FORMATS["csv"].read(EndlessFile('title\n"', "never\n")))


@pytest.mark.parametrize(
    ("name", "beginning", "repeated", "times"),
    [
        ("csv", b"title\nx", LONG_TEXT, 5_000),
        ("txt", b"x", LONG_TEXT, 5_000),
        ("ics", b"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x", b"\n " + LONG_TEXT, 5_000),
        ("ics", b"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x", LONG_TEXT, 5_000),
        ("ics", b"BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:x\n", b" \n", 200_000),
    ],
)
def test_overlong_value_is_not_kept_in_memory(name, beginning, repeated, times):
    file = io.BytesIO(beginning + repeated * times)
    tracemalloc.start()
    try:
        (row,) = FORMATS[name].read(file)
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert isinstance(row, BadRow)


def message(entry: Entry) -> str:
    """Return the text of this entry in the report of an import."""
    if isinstance(entry, Row):
        return " ".join(entry.left_out)
    return entry.reason if isinstance(entry, BadRow) else entry.text


@pytest.mark.parametrize("name", FORMATS)
@PATIENT
@given(beginning=st.sampled_from(BEGINNINGS), fragments=st.lists(st.binary() | st.sampled_from(FRAGMENTS)))
def test_random_content_raises_only_unreadable_file(name, beginning, fragments):
    with suppress(UnreadableFile):
        entries = read(name, beginning + b"".join(fragments))
        assert all(message(entry).isprintable() for entry in entries)


JSON_MEMBERS = [
    *("title", "notes", "description", "due", "due_on", "due_date", "scheduled_time", "completed", "completed_at"),
    *("done", "done_at", "status", "deleted", "created", "start_date", "labels", "reminders", "assignees", "priority"),
    *("related_tasks", "repeat_after", "percent_done", "parent", "links", "id", "uid", "tasks", "items", "lists"),
]


@pytest.mark.parametrize("beginning", ['"done": true', '"status": "needsAction"', '"notes": ""'])
@pytest.mark.parametrize("value", ["7", "-1e999", "true", "null", '"x"', "[7]", "[[]]", '[{"current": 1}]', '{"a": 7}'])
def test_json_member_of_wrong_type_does_not_affect_other_todos(beginning, value):
    for name in JSON_MEMBERS:
        entries = read("json", f'[{{"title": "A", {beginning}, "{name}": {value}}}, {{"title": "B"}}]')
        assert getattr(entries[-1], "title", "") == "B"
        assert all(message(entry).isprintable() for entry in entries)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("csv", "title\nCafé\nTea\n"),
        ("txt", "Café\nTea\n"),
        ("ics", "BEGIN:VCALENDAR\nBEGIN:VTODO\nSUMMARY:Café\nEND:VTODO\nBEGIN:VTODO\nSUMMARY:Tea\nEND:VTODO\n"),
        ("json", '[{"title": "Café"},\n{"title": "Tea"}]\n'),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_line_endings_and_encodings_are_recognized(name, content, newline, encoding):
    assert titles(read(name, content.replace("\n", newline).encode(encoding))) == ["Café", "Tea"]


@pytest.mark.parametrize(
    ("name", "head", "format_name"),
    [
        ("list.csv", b"", "csv"),
        ("list.TSV", b"", "csv"),
        ("todo.txt", b"title,notes", "txt"),
        ("Home.ics", b"", "ics"),
        ("list.json", b"", "json"),
        ("download", b"\xef\xbb\xbf begin:vcalendar\r\n", "ics"),
        ("download.bin", b'\n{"todos": []}', "json"),
        ("todos", b"[]", "json"),
        ("photo.png", b"\x89PNG\r\n", None),
        ("book.xlsx", b"PK\x03\x04", None),
        ("csv", b"title", None),
        ("", b"", None),
    ],
)
def test_format_is_detected_by_extension_or_signature(name, head, format_name):
    assert detect_format(name, head) is (FORMATS[format_name] if format_name else None)
