"""iCalendar: exports of Vikunja and Nextcloud Tasks, Headway's own exports, and malicious files."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.utils import timezone
from icalendar import Calendar

from tests.todos.formats.helpers import read, titles, written
from todos.formats import BadRow, Remark, Row

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)

VIKUNJA = """\
BEGIN:VCALENDAR
VERSION:2.0
X-PUBLISHED-TTL:PT4H
X-WR-CALNAME:Home
PRODID:-//Vikunja Todo App//EN
BEGIN:VTODO
UID:1f0a3c6e
DTSTAMP:20261120T073337Z
SUMMARY:Plan the trip\\, by train
X-APPLE-CALENDAR-COLOR:#ff0000FF
DESCRIPTION:Two weeks\\nWindow seats\\; quiet car
DUE:20261203T110000Z
CREATED:20261120T073337Z
PRIORITY:1
CATEGORIES:home,travel
LAST-MODIFIED:20261121T073337Z
BEGIN:VALARM
TRIGGER;VALUE=DATE-TIME:20261202T110000Z
ACTION:DISPLAY
DESCRIPTION:Plan the trip
END:VALARM
RELATED-TO;RELTYPE=CHILD:2f0a3c6e
END:VTODO
BEGIN:VTODO
UID:2f0a3c6e
DTSTAMP:20261120T073400Z
SUMMARY:Book tickets
COMPLETED:20261122T101500Z
STATUS:COMPLETED
ORGANIZER;CN=:ada
CREATED:20261120T073400Z
RRULE:FREQ=DAILY;INTERVAL=2
LAST-MODIFIED:20261122T101500Z
RELATED-TO;RELTYPE=PARENT:1f0a3c6e
END:VTODO
END:VCALENDAR"""

NEXTCLOUD = """\
BEGIN:VCALENDAR\r
VERSION:2.0\r
PRODID:-//Nextcloud Tasks v0.16.1\r
BEGIN:VTIMEZONE\r
TZID:Pacific/Auckland\r
BEGIN:STANDARD\r
TZOFFSETFROM:+1300\r
TZOFFSETTO:+1200\r
DTSTART:19700405T030000\r
RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU\r
END:STANDARD\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
UID:meeting\r
SUMMARY:A meeting is nothing to do\r
DTSTART:20261203T110000Z\r
RRULE:FREQ=SECONDLY\r
END:VEVENT\r
BEGIN:VTODO\r
CREATED:20261120T090000\r
DESCRIPTION:A long description that is folded as the standard wants\r
  it to be\r
DTSTAMP:20261121T090000\r
DUE;TZID=Pacific/Auckland:20261203T080000\r
LAST-MODIFIED:20261121T090000\r
PERCENT-COMPLETE:50\r
STATUS:IN-PROCESS\r
SUMMARY;LANGUAGE=en:Prepare the talk\r
UID:93cf66e2-9a70-4a7b-b350-0feddb9cf37c\r
X-OC-HIDESUBTASKS:0\r
END:VTODO\r
BEGIN:VTODO\r
DUE;VALUE=DATE:20261204\r
PERCENT-COMPLETE:100\r
RELATED-TO:93cf66e2-9a70-4a7b-b350-0feddb9cf37c\r
SUMMARY:Print the slides\r
UID:a3cf66e2-9a70-4a7b-b350-0feddb9cf37c\r
END:VTODO\r
BEGIN:VTODO\r
DUE:20261204T235900\r
STATUS:CANCELLED\r
SUMMARY:Rent a room\r
END:VTODO\r
END:VCALENDAR\r
"""


def calendar(*todos: str) -> str:
    return "\r\n".join(["BEGIN:VCALENDAR", *(f"BEGIN:VTODO\r\n{todo}\r\nEND:VTODO" for todo in todos), "END:VCALENDAR"])


def test_vikunja_calendar_is_read():
    created = datetime(2026, 11, 20, 7, 33, 37, tzinfo=UTC)
    assert read("ics", VIKUNJA) == [
        Row(
            "Plan the trip, by train",
            "Two weeks\nWindow seats; quiet car",
            date(2026, 12, 3),
            created_at=created,
            uid="1f0a3c6e",
            line=6,
            left_out=("time “11:00”", "priority “1”", "tags “home,travel”", "reminder", "subtask"),
        ),
        Row(
            "Book tickets",
            completed_at=datetime(2026, 11, 22, 10, 15, tzinfo=UTC),
            created_at=created.replace(minute=34, second=0),
            uid="2f0a3c6e",
            line=24,
            left_out=("repeat “FREQ=DAILY;INTERVAL=2”", "parent"),
        ),
    ]


@time_machine.travel(NOW, tick=False)
def test_nextcloud_calendar_is_read():
    uid = "93cf66e2-9a70-4a7b-b350-0feddb9cf37c"
    notes = "A long description that is folded as the standard wants it to be"
    created = datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert read("ics", NEXTCLOUD) == [
        Row(
            "Prepare the talk",
            notes,
            date(2026, 12, 3),
            created_at=created,
            uid=uid,
            line=19,
            left_out=("time “08:00”", "status “IN-PROCESS”", "progress “50 %”"),
        ),
        Row(
            "Print the slides",
            due_on=date(2026, 12, 4),
            completed_at=NOW,
            uid=f"a{uid[1:]}",
            line=32,
            left_out=("parent",),
        ),
        Row(
            "Rent a room",
            due_on=date(2026, 12, 4),
            completed_at=NOW,
            line=39,
            left_out=("time “23:59”", "status “CANCELLED”"),
        ),
        Remark(0, "1 event was left out: only to-dos are imported."),
    ]


@pytest.mark.parametrize(
    ("due", "day"),
    [
        ("DUE;VALUE=DATE:20301231", 31),
        ("DUE:20301231T233000", 31),
        ("DUE;TZID=America/Los_Angeles:20301231T233000", 31),
        ("DUE;TZID=Customized Time Zone:20301231T233000", 31),
        ("DUE;TZID=/../../etc/passwd:20301231T233000", 31),
        ("DUE;TZID=a,b:20301231T233000", 31),
        (f"DUE;TZID={'x' * 5_000}:20301231T233000", 31),
        ("DUE:20301231T113000Z", 32),
    ],
)
def test_due_date_is_the_local_date(due, day):
    with timezone.override("Pacific/Auckland"):
        (row,) = read("ics", calendar(f"SUMMARY:A\r\n{due}"))
    assert row.due_on == (date(2030, 12, 31) if day == 31 else date(2031, 1, 1))


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("marks", "is_done"),
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
def test_completion_depends_on_status_and_other_properties(marks, is_done):
    (row,) = read("ics", calendar(f"SUMMARY:A\r\n{marks}"))
    assert row.completed_at == (NOW if is_done else None)


@time_machine.travel(NOW, tick=False)
def test_export_is_parsed_by_icalendar_library():
    title, notes = "Café, or \\N;ot: " + "long " * 40, 'two\nlines, "and" \\n\ttabs'
    raw = written("ics", [Row(title.strip(), notes, date(2030, 1, 31), NOW, NOW, "7"), Row("Open", created_at=NOW)])
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
    found = read(
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
    assert [row.line for row in found] == [2, 6, 9, 12, 14, 18, 21, 25, 28]
    assert found.pop(-2) == Row("Good", line=25)
    assert [row.reason for row in found if isinstance(row, BadRow)] == [
        "“soon” is not a valid time for DUE. Write it like 20300131, or 20300131T090000Z.",
        "There is no title. Write down what is to be done.",
        "Line 10, SUMMARY, is not valid iCalendar. Correct it, or export it again.",
        "This to-do has no end. Export the calendar again.",
        "Line 16, DUE, is not valid iCalendar. Correct it, or export it again.",
        "This is longer than 100000 characters. Shorten it, or leave it out.",
        "“20260101T000000Z/P1D” is not a valid time for CREATED. Write it like 20300131, or 20300131T090000Z.",
        "This to-do has no end. Export the calendar again.",
    ]


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


@pytest.mark.parametrize(
    "bomb",
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
    ids=lambda bomb: bomb[:20],
)
def test_recurrence_rules_are_not_expanded(bomb):
    first, second = read("ics", calendar(f"SUMMARY:A\n{bomb}", "SUMMARY:B"))
    assert getattr(first, "title", "A") == "A"
    assert second.title == "B"
