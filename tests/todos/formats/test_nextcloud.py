"""iCalendar exports of Nextcloud Tasks."""

from datetime import UTC, date, datetime

import pytest

from tests.todos.formats.helpers import NOW, read
from todos.formats import Remark, Row

CALENDAR = """\
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


@pytest.mark.time_machine(NOW, tick=False)
def test_nextcloud_calendar_is_read():
    uid = "93cf66e2-9a70-4a7b-b350-0feddb9cf37c"
    notes = "A long description that is folded as the standard wants it to be"
    created = datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert read("ics", CALENDAR) == [
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
