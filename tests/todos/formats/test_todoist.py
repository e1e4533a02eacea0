"""CSV templates of Todoist: tasks, subtasks, notes, due dates and sections."""

from datetime import date

import pytest

from tests.todos.formats.helpers import NOW, read
from todos.formats import BadRow, Remark, Row

TEMPLATE = """\ufeff\
TYPE,CONTENT,DESCRIPTION,IS_COLLAPSED,PRIORITY,INDENT,AUTHOR,RESPONSIBLE,DATE,DATE_LANG,TIMEZONE,DURATION,DURATION_UNIT\
,DEADLINE,DEADLINE_LANG
meta,view_style=list,,,,,,,,,,,,,
,,,,,,,,,,,,,,
task,Plan the trip @home,"Two weeks, by train",,1,1,Ada (100),,3 Dec 2026 at 09:00,en,Europe/London,30,minute,,
task,Book tickets,,,4,2,Ada (100),Bob (200),tomorrow at 5pm,en,Europe/London,,,,
note,Mind the reservation,,,,,Ada (100),,2026-06-08T07:02:05.000000Z,,,,,,
note,"Seats:
window",,,,,Ada (100),,2026-06-08T07:03:05.000000Z,,,,,,
,,,,,,,,,,,,,,
section,Home,,False,,,,,,,,,,,
task,Water the plants,,,4,1,Ada (100),,every day,en,,,,,
task,[Renew the pass](https://example.com/),,,4,1,Ada (100),,,en,,,,2027-01-15,en
task,Oil the window,With linseed oil,,2,1,Ada (100),,jährlich,de,Europe/Berlin,,,1 feb,en
"""


@pytest.mark.time_machine(NOW, tick=False)
def test_todoist_template_is_read():
    assert read("csv", TEMPLATE) == [
        Row(
            "Plan the trip @home",
            "Two weeks, by train",
            date(2026, 12, 3),
            line=4,
            left_out=("time “09:00”", "priority “1”", "duration “30 minute”"),
        ),
        Remark(10, "The section name “Home” was left out: Headway has no sections."),
        Row(
            "Book tickets",
            "Mind the reservation\n\nSeats:\nwindow",
            date(2026, 11, 26),
            line=5,
            left_out=("time “5pm”", "parent", "assignee “Bob (200)”"),
        ),
        Row("Water the plants", "Due in Todoist: every day", line=11),
        Row("[Renew the pass](https://example.com/)", due_on=date(2027, 1, 15), line=12),
        Row(
            "Oil the window",
            "With linseed oil\n\nDue in Todoist: jährlich",
            date(2027, 2, 1),
            line=13,
            left_out=("priority “2”",),
        ),
    ]


@pytest.mark.time_machine(NOW, tick=False)
@pytest.mark.parametrize(
    ("date_words", "due_on"),
    [
        ("2030-01-31", date(2030, 1, 31)),
        ("2030-01-31 09:00", date(2030, 1, 31)),
        ("2030-01-31T23:30:00-05:00", date(2030, 1, 31)),
        ("Jan 31 2030", date(2030, 1, 31)),
        ("31 Jan 2030 at 9", date(2030, 1, 31)),
        ("friday 9 pm", date(2026, 11, 27)),
        ("today 17:00", date(2026, 11, 25)),
        ("every friday", None),
        ("someday at the sea", None),
        ("", None),
        ("at noon " * 10_000, None),
    ],
)
def test_due_date_is_parsed_or_kept_in_notes(date_words, due_on):
    (row,) = read("csv", f"TYPE,CONTENT,DATE\ntask,Buy milk,{date_words}\n")
    assert (row.title, row.due_on) == ("Buy milk", due_on)
    assert row.notes == ("" if due_on or not date_words else f"Due in Todoist: {date_words.strip()}")


@pytest.mark.parametrize(
    ("cells", "due_on", "left_out"),
    [
        ("2030-01-31 09:00,", date(2030, 1, 31), ("time “09:00”",)),
        ("2030-01-31 00:00,", date(2030, 1, 31), ()),
        ("31 Jan 2030 at 0:00,", date(2030, 1, 31), ()),
        ("31 Jan 2030 at noon,", date(2030, 1, 31), ("time “noon”",)),
        ("2030-01-31 09:00,2030-02-28", date(2030, 1, 31), ("time “09:00”", "deadline “2030-02-28”")),
        (",2030-02-28", date(2030, 2, 28), ()),
    ],
)
def test_time_of_day_and_deadline_are_reported(cells, due_on, left_out):
    (row,) = read("csv", f"TYPE,CONTENT,DATE,DEADLINE\ntask,A,{cells}\n")
    assert (row.due_on, row.left_out) == (due_on, left_out)


def test_misplaced_and_unknown_rows_are_bad_rows():
    assert read("csv", "TYPE,CONTENT\nnote,Lonely\ntask,\nsection,\ntask,A\nevent,B\ntask,C\nnote,\n") == [
        BadRow(2, "This note does not belong to a task. Move it below one."),
        BadRow(3, "The title is missing. Enter a title."),
        BadRow(6, "“event” is not a row type. The types are task, note, section and meta."),
        Row("A", line=5),
        Row("C", line=7),
    ]


def test_blank_lines_of_notes_are_kept():
    content = 'TYPE,CONTENT,DESCRIPTION\r\n\r\ntask,A,"one\r\n\r\ntwo"\r\nnote,"three\r\n\r\nfour",\r\n'
    assert read("csv", content) == [Row("A", "one\n\ntwo\n\nthree\n\nfour", line=3)]


def test_overlong_notes_are_truncated():
    (row,) = read("csv", "TYPE,CONTENT\ntask,A\n" + f"note,{'n' * 10_000}\n" * 100)
    assert 100_000 < len(row.notes) < 200_000
