"""Times of day in due dates. Headway has no field for them, so they are reported."""

from datetime import date

import pytest
from django.utils import timezone

from tests.todos.formats.helpers import NOW, calendar, read


@pytest.mark.parametrize(
    ("due", "day", "left_out"),
    [
        ("DUE:20261203T093000", 3, ("time “09:30”",)),
        ("DUE:20261203T233000Z", 4, ("time “00:30”",)),
        ("DUE:20261203T230000Z", 4, ()),
        ("DUE;TZID=America/New_York:20261203T230000", 3, ("time “23:00”",)),
        ("DUE;TZID=America/New_York:20261203T000000", 3, ()),
        ("DUE:20261203T000000", 3, ()),
        ("DUE;VALUE=DATE:20261203", 3, ()),
    ],
)
def test_time_in_icalendar_is_reported(due, day, left_out):
    with timezone.override("Europe/Berlin"):
        (row,) = read("ics", calendar(f"SUMMARY:A\n{due}"))
    assert (row.due_on, row.left_out) == (date(2026, 12, day), left_out)


@pytest.mark.parametrize(
    ("due", "day", "left_out"),
    [
        ("2026-12-03T09:30:00", 3, ("time “09:30”",)),
        ("2026-12-03T09:30:00-08:00", 3, ("time “09:30”",)),
        ("2026-12-03T23:30:00Z", 4, ("time “00:30”",)),
        ("2026-12-03T23:00:00.000Z", 4, ()),
        ("2026-12-03T00:00:00+05:00", 3, ()),
        ("2026-12-03", 3, ()),
    ],
)
@pytest.mark.parametrize(
    ("format_name", "content"),
    [
        ("json", '[{{"title": "A", "due_on": "{}"}}]'),
        ("json", '[{{"title": "A", "done": false, "due_date": "{}"}}]'),
        ("csv", "Title,Due\nA,{}\n"),
        ("csv", "TYPE,CONTENT,DATE\ntask,A,{}\n"),
        ("txt", "A due:{}\n"),
    ],
)
def test_time_in_iso_8601_is_reported(format_name, content, due, day, left_out):
    with timezone.override("Europe/Berlin"):
        (row,) = read(format_name, content.format(due))
    assert (row.due_on, row.left_out) == (date(2026, 12, day), left_out)


@pytest.mark.time_machine(NOW, tick=False)
@pytest.mark.parametrize(
    ("due", "left_out"),
    [
        ("3.12.2026 09:30", ("time “09:30”",)),
        ("12/3/2026 9:30 PM", ("time “21:30”",)),
        ("12/3/2026 12:00 AM", ()),
        ("3 dec 2026 at 9", ("time “9”",)),
        ("3 dec 2026 9:30 am", ("time “9:30 am”",)),
        ("3 dec 2026 00:00", ()),
    ],
)
def test_time_in_numeric_date_or_words_is_reported(due, left_out):
    (row,) = read("csv", f"Title,Due\nA,{due}\nB,12/31/2026\n")[:1]
    assert (row.due_on, row.left_out) == (date(2026, 12, 3), left_out)


@pytest.mark.parametrize(("time", "left_out"), [("09:30", ("time “09:30”",)), ("00:00", ()), ("", ())])
def test_time_in_its_own_column_is_reported(time, left_out):
    (row,) = read("csv", f"Title,Due Date,Due Time\nA,2026-12-03,{time}\n")
    assert (row.due_on, row.left_out) == (date(2026, 12, 3), left_out)
