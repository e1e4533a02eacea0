"""iCalendar: completion, Headway's own exports, invalid to-dos and malicious files."""

from datetime import date

import pytest
from icalendar import Calendar

from tests.todos.formats.helpers import NOW, calendar, read, titles, write
from todos.formats import BadRow, Row


@pytest.mark.time_machine(NOW, tick=False)
@pytest.mark.parametrize(
    ("properties", "is_completed"),
    [
        ("STATUS:COMPLETED", True),
        ("STATUS:completed\r\nPERCENT-COMPLETE:0", True),
        ("STATUS:NEEDS-ACTION\r\nCOMPLETED:20261125T090000Z", False),
        ("STATUS:IN-PROCESS\r\nPERCENT-COMPLETE:100", False),
        ("COMPLETED:20261125T090000Z", True),
        ("COMPLETED:20261125T090000", True),
        ("PERCENT-COMPLETE:99", False),
        ("X-STATUS:COMPLETED", False),
    ],
)
def test_status_takes_precedence_over_other_marks_of_completion(properties, is_completed):
    (row,) = read("ics", calendar(f"SUMMARY:A\r\n{properties}"))
    assert row.completed_at == (NOW if is_completed else None)


@pytest.mark.time_machine(NOW, tick=False)
def test_export_is_parsed_by_icalendar_library():
    title, notes = "Café, or \\N;ot: " + "long " * 40, 'two\nlines, "and" \\n\ttabs'
    raw = write("ics", [Row(title.strip(), notes, date(2030, 1, 31), NOW, NOW, "7"), Row("Open", created_at=NOW)])
    assert max(map(len, raw.split(b"\r\n"))) <= 75
    done, active = Calendar.from_ical(raw).todos
    assert (str(done["SUMMARY"]), str(done["DESCRIPTION"]), done["UID"]) == (title.strip(), notes, "7")
    assert (done.DUE, done["COMPLETED"].dt, done["CREATED"].dt, done.DTSTAMP) == (date(2030, 1, 31), NOW, NOW, NOW)
    assert (done["STATUS"], active["STATUS"]) == ("COMPLETED", "NEEDS-ACTION")
    assert active["UID"]
    assert done["DUE"].params["VALUE"] == "DATE"


def test_character_split_by_folding_is_joined():
    raw = calendar("SUMMARY:Café").encode().replace(b"\xc3\xa9", b"\xc3\r\n \xa9")
    assert titles(read("ics", raw)) == ["Café"]


def test_bad_todo_has_reason_and_does_not_affect_others():
    entries = read(
        "ics",
        "BEGIN:VCALENDAR\n"
        "BEGIN:VTODO\nSUMMARY:A\nDUE:soon\nEND:VTODO\n"
        "BEGIN:VTODO\nDESCRIPTION:No title\nEND:VTODO\n"
        "BEGIN:VTODO\nSUMMARY\nEND:VTODO\n"
        "BEGIN:VTODO\nSUMMARY:Never ends\n"
        f"BEGIN:VTODO\nSUMMARY:A\nDUE;TZID=\x01:20301231T233000\nEND:VTODO\n"
        f"BEGIN:VTODO\nSUMMARY:{'long ' * 30_000}\nEND:VTODO\n"
        "BEGIN:VTODO\nSUMMARY:A\nCREATED:20260101T000000Z/P1D\nEND:VTODO\n"
        "BEGIN:VTODO\nSUMMARY:Good\nEND:VTODO\n"
        "BEGIN:VTODO\nSUMMARY:Cut off",
    )
    assert [entry.line for entry in entries] == [2, 6, 9, 12, 14, 18, 21, 25, 28]
    assert entries.pop(-2) == Row("Good", line=25)
    assert [entry.reason for entry in entries if isinstance(entry, BadRow)] == [
        "“soon” is not a valid time for DUE. Write it like 20300131 or 20300131T090000Z.",
        "The title is missing. Enter a title.",
        "Line 10, SUMMARY, is not valid iCalendar. Correct it or export the calendar again.",
        "The end of this to-do is missing. Export the calendar again.",
        "Line 16, DUE, is not valid iCalendar. Correct it or export the calendar again.",
        "This is longer than 100,000 characters. Shorten it or remove it.",
        "“20260101T000000Z/P1D” is not a valid time for CREATED. Write it like 20300131 or 20300131T090000Z.",
        "The end of this to-do is missing. Export the calendar again.",
    ]


@pytest.mark.parametrize(
    "properties",
    [
        "RRULE:FREQ=SECONDLY;COUNT=999999999\nDTSTART:19700101T000000Z",
        "RDATE:" + ",".join(["20260101T000000Z"] * 50_000),
        "RRULE:" + "BYSECOND=1;" * 50_000,
        "BEGIN:VALARM\n" * 100_000 + "SUMMARY:Not this one",
        "END:VALARM\n" * 100_000,
        "DESCRIPTION:x\n" + " y\n" * 300_000,
        "SUMMARY:And again\n" * 100_000,
        'ATTACH;ENCODING=BASE64:"' + "A" * 1_000_000,
    ],
    ids=lambda properties: properties[:20],
)
def test_malicious_todo_does_not_affect_others(properties):
    first, second = read("ics", calendar(f"SUMMARY:A\n{properties}", "SUMMARY:B"))
    assert getattr(first, "title", "A") == "A"
    assert second.title == "B"
