"""What is exported comes back when it is imported, in all that the format has; and neither needs the whole list."""

from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import count, islice

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.todos.formats.helpers import PATIENT, Endless, read, written
from todos.formats import FORMATS, Row

TRICKY = [
    *(
        "x ",
        "X ",
        "(A) ",
        "(a) ",
        "2026-01-31 ",
        " due:2026-01-31",
        " due:2026-02-31",
        " due:none",
        " due:",
        " due:x ",
        " due:2026-01-31T09:30",
    ),
    *("=", "+", "-", "@", "'", "''", '"', ",", ";", ":", "\\", "\\n", "\\N", "\\,", "%2C", "BEGIN:VTODO", "END:VTODO"),
    *("{", "}", "[", "]", "\ufeff", "\u00a0", "é", "😀", " ", "  "),
]
TITLES = st.lists(st.sampled_from(TRICKY) | st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])))
NOTES = st.lists(st.sampled_from([*TRICKY, "\n", "\t"]) | st.text(st.characters(exclude_categories=["Cc", "Cs"])))
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(9000, 1, 1), timezones=st.just(UTC))
ROWS = st.builds(
    Row,
    title=TITLES.map("".join).map(str.strip).filter(bool),
    notes=NOTES.map("".join).map(str.strip),
    due_on=st.none() | st.dates(),
    completed_at=st.none() | TIMES,
    created_at=TIMES,
    uid=st.uuids().map(str),
)


def kept(name: str, row: Row) -> Row:
    """As much of the row as the format has."""
    if name == "txt":
        return replace(row, notes="", uid="", completed_at=day(row.completed_at), created_at=day(row.created_at))
    if name == "ics":
        return replace(row, completed_at=second(row.completed_at), created_at=second(row.created_at))
    return row


def day(value: datetime | None) -> datetime | None:
    return value and timezone.make_aware(datetime.combine(timezone.localtime(value), time()))


def second(value: datetime | None) -> datetime | None:
    return value and value.replace(microsecond=0)


@PATIENT
@given(rows=st.lists(ROWS, max_size=3), zone=st.sampled_from(["UTC", "Pacific/Auckland", "America/Los_Angeles"]))
def test_exported_fields_are_imported_unchanged(rows, zone):
    with timezone.override(zone):
        for name in FORMATS:  # to make the rows takes longer than to write and read them
            found = read(name, written(name, rows))
            assert [replace(row, line=0) for row in found] == [kept(name, row) for row in rows], name


@pytest.mark.parametrize("name", ["csv", "ics", "json"])
def test_longest_notes_survive_round_trip(name):
    row = Row("€" * 500, '"\n\\;' * 5_000, uid="7")
    assert read(name, written(name, [row, Row("Next", uid="8")]))[0] == replace(row, line={"ics": 4}.get(name, 2))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "title", ["'=1", "''=1", "=1", "\ufeffA", "A\ufeff", "sep=;", "title", "title,notes", "BEGIN:VTODO"]
)
def test_title_that_looks_like_a_mark_survives_round_trip(name, title):
    (row,) = read(name, written(name, [Row(title)]))
    assert row.title == title


@pytest.mark.parametrize("name", ["csv", "ics", "json"])
@pytest.mark.parametrize(
    "notes",
    [
        *("one\x85two", "one\u2028two\u2029three", "\ufeffone\n\ufefftwo", "one\x0btwo\x0cthree\x1cfour"),
        *("one\n\n\n \n\ttwo", "'=one\n=two", 'one""\n"two', "title,notes\nsep=;\n", "END:VTODO\nEND:VCALENDAR"),
    ],
)
def test_notes_that_look_like_marks_survive_round_trip(name, notes):
    first, second = read(name, written(name, [Row("A", notes), Row("B")]))
    assert (first.notes, second.title) == (notes, "B")


@pytest.mark.parametrize("name", ["csv", "ics", "json"])
@pytest.mark.parametrize("ends", ["\r", "\r\n"])
def test_line_endings_in_notes_are_normalized(name, ends):
    (row,) = read(name, written(name, [Row("A", f"one{ends}{ends}two")]))
    assert row.notes.replace("\r\n", "\n").replace("\r", "\n") == "one\n\ntwo"  # as the form does with the rest


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("text", ["é€😀", "€\n\n"])
def test_text_at_block_boundary_survives_round_trip(name, text, shift):
    before, long = "x" * (60_000 + shift), text * 3_000
    rows = (
        [Row("A", before), Row("B", long), Row("C")] if name != "txt" else [Row(before), Row(long.replace("\n", " "))]
    )
    found = read(name, written(name, rows))
    assert [(row.title, row.notes) for row in found] == [(row.title.strip(), row.notes) for row in rows]


@pytest.mark.parametrize("name", FORMATS)
def test_empty_list_survives_round_trip(name):
    assert read(name, written(name, [])) == []


@pytest.mark.parametrize("name", FORMATS)
def test_row_has_its_line_number(name):
    content = written(name, [Row("One", notes="two\nlines"), Row("Two")])
    lines = content.decode().splitlines()
    before = 3 if name == "ics" else 0  # lines of a to-do above its title
    for row, title in zip(read(name, content), ["One", "Two"], strict=True):
        assert title in lines[row.line - 1 + before]


@pytest.mark.parametrize("name", FORMATS)
def test_endless_list_is_streamed(name):
    rows = (Row(f"To-do {number}") for number in count())
    blocks = list(islice(FORMATS[name].write(rows), 3))
    assert all(10_000 < len(block) < 200_000 for block in blocks)


@pytest.mark.parametrize("name", FORMATS)
def test_endless_file_is_streamed(name):
    beginning, repeated = {
        "csv": ("title\n", '"Two\nlines"\n'),
        "txt": ("", "Two words\n"),
        "ics": ("BEGIN:VCALENDAR\n", "BEGIN:VTODO\nSUMMARY:Two\n  words\nEND:VTODO\n"),
        "json": ("[", '{"title": "Two words"},\n'),
    }[name]
    found = list(islice(FORMATS[name].read(Endless(beginning, repeated)), 5_000))
    assert {row.title for row in found} == {"Two\nlines" if name == "csv" else "Two words"}
