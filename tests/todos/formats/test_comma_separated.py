"""CSV: exports for spreadsheets, dialects, column names and bad rows."""

import csv
import io
from datetime import date

import pytest

from tests.todos.formats.helpers import NOW, read, titles, write
from todos.formats import BadRow, Row


def test_export_is_csv_with_byte_order_mark():
    row = Row("Café", 'two\nlines, quoted "so"', date(2030, 1, 31), NOW, NOW, "7")
    raw = write("csv", [row])
    assert raw.startswith(b"\xef\xbb\xbftitle,notes,due_on,completed_at,created_at,uid\r\n")
    assert list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"), newline=""))) == [
        {
            "title": "Café",
            "notes": 'two\nlines, quoted "so"',
            "due_on": "2030-01-31",
            "completed_at": "2026-11-25T09:00:00+00:00",
            "created_at": "2026-11-25T09:00:00+00:00",
            "uid": "7",
        }
    ]


@pytest.mark.parametrize("prefix", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "'=", "''+", "\t=", "\n="])
def test_formula_is_escaped(prefix):
    text = f"{prefix}cmd|' /C calc'!A0"
    raw = write("csv", [Row(text, text, uid=text)])
    cells = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))[1]
    assert [cell for cell in cells if cell and not cell.startswith("'")] == []
    assert [(row.title, row.notes) for row in read("csv", raw)] == [(text, text)]


@pytest.mark.parametrize("title", ["'", "''", "'tis the season", "''quoted''", "Mind the =", "1 - 1"])
def test_title_without_a_formula_is_not_escaped(title):
    assert f"\r\n{title},".encode() in write("csv", [Row(title)])


@pytest.mark.parametrize(
    "content",
    [
        "title,notes,due_on\nCafé,to go,2030-01-31\n",
        "\ufeffTitle,Notes,Due\r\nCafé,to go,2030-01-31\r\n",
        "Task Name;Description;Due Date\rCafé;to go;2030-01-31\r",
        "id\tdue-date\tDETAILS\tTo-do\n7\t31 jan 2030\tto go\tCafé",
        "\n\n  Summary , Comment,Deadline,,\n\nCafé,to go,2030-01-31T09:00:00-08:00,,\n,,,,\n",
        "\ufefftitle,notes,due_on\nCafé,to go,2030-01-31\n".encode("utf-16-le"),
        "title;notes;due on\nCafé;to go;on 31 jan 2030\n".encode("utf-16"),
    ],
)
def test_csv_dialects_are_read(content):
    (row,) = read("csv", content)
    assert (row.title, row.notes, row.due_on) == ("Café", "to go", date(2030, 1, 31))


def test_title_is_read_from_preferred_column():
    assert titles(read("csv", "name,task,title\nBob,Shop,Buy milk\n")) == ["Buy milk"]


def test_bad_row_has_reason_and_does_not_affect_others():
    entries = read(
        "csv",
        "title,notes,due_on\n"
        "A,,31.13.2030\n"
        ',"No\ntitle",\n'
        "Buy milk, bread, butter, and so on\n"
        f"{'long ' * 30_000},,\n"
        "B,,2030-02-30\n"
        "Good,,2030-01-31\n",
    )
    assert [(row.line, row.reason) for row in entries[:-1]] == [
        (2, "“31.13.2030” is not a valid date. Write it as year-month-day, like 2030-01-31."),
        (3, "The title is missing. Enter a title."),
        (5, "This row has 4 cells, but there are only 3 columns. Put text that contains commas in quotes."),
        (6, "This is longer than 100,000 characters. Shorten it or remove it."),
        (7, "“2030-02-30” is not a valid date. Write it as year-month-day, like 2030-01-31."),
    ]
    assert entries[-1] == Row("Good", due_on=date(2030, 1, 31), line=8)


@pytest.mark.parametrize("time", ["9999-12-31T23:00Z", "0001-01-01", "0001-01-01T00:00+14:00", "2026-11-25T25:00"])
def test_time_out_of_range_in_any_time_zone_is_invalid(time):
    (row,) = read("csv", f"title,completed_at\nA,{time}\n")
    assert row.reason == f"“{time}” is not a valid time. Write it like 2030-01-31T09:00:00Z or 2030-01-31."


def test_unstorable_uid_is_hashed():
    too_long, unprintable, storable = read("csv", f"title,uid\nA,{'7' * 256}\nB,a\0\nC,{'7' * 255}\n")
    assert len(too_long.uid) == len(unprintable.uid) == 64
    assert storable.uid == "7" * 255
    assert read("csv", f"title,uid\nA,{'7' * 256}\n") == [too_long]


def test_bad_row_reason_replaces_unprintable_characters():
    (row,) = read("csv", "title,due_on\nA,\x1b[2J\0" + "soon" * 100)
    assert isinstance(row, BadRow)
    assert row.reason.isprintable()
    assert len(row.reason) < 200
