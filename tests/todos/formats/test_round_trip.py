"""Round trips of rows through each format: all fields that a format has are kept, and lists are streamed."""

from dataclasses import replace
from datetime import UTC, datetime, time
from itertools import count, islice

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.todos.formats.helpers import PATIENT, EndlessFile, read, write
from todos.formats import FORMATS, Row

MARKUP = [
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
TITLES = st.lists(st.sampled_from(MARKUP) | st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])))
NOTES = st.lists(st.sampled_from([*MARKUP, "\n", "\t"]) | st.text(st.characters(exclude_categories=["Cc", "Cs"])))
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


def storable(name: str, row: Row) -> Row:
    """Return the row with only the fields and precision of this format."""
    if name == "txt":
        return replace(
            row, notes="", uid="", completed_at=midnight(row.completed_at), created_at=midnight(row.created_at)
        )
    if name == "ics":
        return replace(row, completed_at=full_second(row.completed_at), created_at=full_second(row.created_at))
    return row


def midnight(value: datetime | None) -> datetime | None:
    return value and timezone.make_aware(datetime.combine(timezone.localtime(value), time()))


def full_second(value: datetime | None) -> datetime | None:
    return value and value.replace(microsecond=0)


@PATIENT
@given(rows=st.lists(ROWS, max_size=3), zone=st.sampled_from(["UTC", "Pacific/Auckland", "America/Los_Angeles"]))
def test_exported_fields_are_imported_unchanged(rows, zone):
    with timezone.override(zone):
        for name in FORMATS:  # generating the rows takes longer than writing and reading them
            entries = read(name, write(name, rows))
            assert [replace(row, line=0) for row in entries] == [storable(name, row) for row in rows], name


@pytest.mark.parametrize("name", ["csv", "ics", "json"])
def test_long_notes_survive_round_trip(name):
    row = Row("€" * 500, '"\n\\;' * 5_000, uid="7")
    assert read(name, write(name, [row, Row("Next", uid="8")]))[0] == replace(row, line={"ics": 4}.get(name, 2))


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    "title", ["'=1", "''=1", "=1", "\ufeffA", "A\ufeff", "sep=;", "title", "title,notes", "BEGIN:VTODO"]
)
def test_title_resembling_markup_survives_round_trip(name, title):
    (row,) = read(name, write(name, [Row(title)]))
    assert row.title == title


@pytest.mark.parametrize("name", ["csv", "ics", "json"])
@pytest.mark.parametrize(
    "notes",
    [
        *("one\x85two", "one\u2028two\u2029three", "\ufeffone\n\ufefftwo", "one\x0btwo\x0cthree\x1cfour"),
        *("one\n\n\n \n\ttwo", "'=one\n=two", 'one""\n"two', "title,notes\nsep=;\n", "END:VTODO\nEND:VCALENDAR"),
    ],
)
def test_notes_resembling_markup_survive_round_trip(name, notes):
    first, second = read(name, write(name, [Row("A", notes), Row("B")]))
    assert (first.notes, second.title) == (notes, "B")


@pytest.mark.parametrize("name", ["csv", "ics", "json"])
@pytest.mark.parametrize("newline", ["\r", "\r\n"])
def test_line_breaks_in_notes_survive_round_trip(name, newline):
    (row,) = read(name, write(name, [Row("A", f"one{newline}{newline}two")]))
    normalized = row.notes.replace("\r\n", "\n").replace("\r", "\n")  # the form normalizes line endings, too
    assert normalized == "one\n\ntwo"


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("shift", range(4))
@pytest.mark.parametrize("text", ["é€😀", "€\n\n"])
def test_text_at_block_boundary_survives_round_trip(name, text, shift):
    padding, long = "x" * (60_000 + shift), text * 3_000
    rows = (
        [Row("A", padding), Row("B", long), Row("C")] if name != "txt" else [Row(padding), Row(long.replace("\n", " "))]
    )
    entries = read(name, write(name, rows))
    assert [(row.title, row.notes) for row in entries] == [(row.title.strip(), row.notes) for row in rows]


@pytest.mark.parametrize("name", FORMATS)
def test_empty_list_survives_round_trip(name):
    assert read(name, write(name, [])) == []


@pytest.mark.parametrize("name", FORMATS)
def test_row_has_its_line_number(name):
    content = write(name, [Row("One", notes="two\nlines"), Row("Two")])
    lines = content.decode().splitlines()
    above = 3 if name == "ics" else 0  # lines of a to-do above its title
    for row, title in zip(read(name, content), ["One", "Two"], strict=True):
        assert title in lines[row.line - 1 + above]


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
    entries = list(islice(FORMATS[name].read(EndlessFile(beginning, repeated)), 5_000))
    assert {row.title for row in entries} == {"Two\nlines" if name == "csv" else "Two words"}
