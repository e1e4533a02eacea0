"""Content of iCalendar files that has no counterpart here: events, single occurrences and other properties."""

from datetime import date

import pytest

from tests.todos.formats.helpers import calendar, read, read_case, remarks, rows
from todos.formats import Row


@pytest.mark.parametrize(
    ("properties", "left_out"),
    [
        ("PRIORITY:5", ("priority “5”",)),
        ("PRIORITY:0", ()),
        ("CATEGORIES:home\nCATEGORIES:garden\\, front", ("tags “home, garden, front”",)),
        ("CATEGORIES:", ()),
        ("RDATE:20261201T090000Z", ("repeat “20261201T090000Z”",)),
        ("RELATED-TO;RELTYPE=SIBLING:7", ("related to-do",)),
        ("ATTACH;ENCODING=BASE64;VALUE=BINARY:QUJD", ("attachment",)),
        ("LOCATION:Home", ("place “Home”",)),
        ("URL:https://example.com/", ("link “https://example.com/”",)),
        ("DURATION:PT1H", ("duration “PT1H”",)),
        ("DTSTART:rubbish", ("start “rubbish”",)),
        ("DUE:20261203T093000\nDTSTART;VALUE=DATE:20261203", ("time “09:30”",)),
        ("DUE:20261203T093000\nDTSTART:20261203T093000", ("time “09:30”",)),
        ("DUE:20261203T093000\nDTSTART:20261203T090000", ("time “09:30”", "start “20261203T090000”")),
        ("DTSTART:20261203T090000\nDURATION:PT1H", ("time “10:00”", "start “20261203T090000”")),
        ("DTSTART;VALUE=DATE:20261203\nDURATION:P1W", ("start “20261203”",)),
        ("STATUS:WAITING", ("status “WAITING”",)),
        ("X-APPLE-SORT-ORDER:7\nSEQUENCE:1\nCLASS:PRIVATE", ()),
    ],
)
def test_properties_without_a_field_are_reported(properties, left_out):
    (row,) = read("ics", calendar(f"SUMMARY:A\n{properties}"))
    assert (row.title, row.left_out) == ("A", left_out)


@pytest.mark.parametrize(
    "parts",
    [
        "BEGIN:VALARM\nSUMMARY:Ring\nDESCRIPTION:Loudly\nBEGIN:X-DEEPER\nEND:X-DEEPER\nUID:alarm\nEND:VALARM\nSUMMARY:A",
        "END:VALARM\nEND:VALARM\nBEGIN:VALARM\nDESCRIPTION:Loudly\nEND:VALARM\nSUMMARY:A",
        "SUMMARY:A\nBEGIN:VALARM\nDESCRIPTION:Loudly",
    ],
)
def test_alarm_properties_are_not_read_as_todo_properties(parts):
    assert read("ics", calendar(parts, "SUMMARY:B")) == [
        Row("A", line=2, left_out=("reminder",)),
        Row("B", line=4 + parts.count("\n") + 1),
    ]


def test_single_occurrence_does_not_replace_its_recurring_todo():
    entries = read_case("recur.ics")
    assert [(row.title, row.due_on, row.completed_at, row.left_out) for row in rows(entries)] == [
        ("Bins", date(2026, 12, 1), None, ("time “09:00”", "repeat “FREQ=WEEKLY”")),
        ("Master last", date(2026, 12, 1), None, ("time “09:00”", "repeat “FREQ=WEEKLY”")),
    ]
    assert remarks(entries) == [
        (10, "One occurrence of a repeating to-do was left out: “Bins”."),
        (18, "One occurrence of a repeating to-do was left out: “Bins (moved)”."),
        (24, "One occurrence of a repeating to-do was left out: “Override first”."),
    ]


def test_events_and_journal_entries_are_counted():
    components = ["VEVENT", "VJOURNAL", "VTIMEZONE", "VEVENT", "VTODO"]
    body = "".join(f"BEGIN:{component}\nSUMMARY:A\nEND:{component}\n" for component in components)
    assert remarks(read("ics", f"BEGIN:VCALENDAR\n{body}END:VCALENDAR\n")) == [
        (0, "2 events were left out: only to-dos are imported."),
        (0, "1 journal entry was left out: only to-dos are imported."),
    ]


def test_calendar_with_only_events_is_reported():
    assert remarks(read_case("vevent_only.ics")) == [
        (0, "1 event was left out: only to-dos are imported."),
        (0, "This calendar has no to-dos. Export the task list, which is often a separate calendar."),
    ]
