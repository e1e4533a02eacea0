"""Dates and times in iCalendar files: due dates, durations, time zones and zero times."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from tests.todos.formats.helpers import calendar, read, read_case, rows
from todos.formats import BadRow, Row


@pytest.mark.parametrize(
    ("due", "due_on"),
    [
        ("DUE;VALUE=DATE:20301231", date(2030, 12, 31)),
        ("DUE:20301231T233000", date(2030, 12, 31)),
        ("DUE;TZID=America/Los_Angeles:20301231T233000", date(2030, 12, 31)),
        ("DUE;TZID=Customized Time Zone:20301231T233000", date(2030, 12, 31)),
        ("DUE;TZID=/../../etc/passwd:20301231T233000", date(2030, 12, 31)),
        ("DUE;TZID=a,b:20301231T233000", date(2030, 12, 31)),
        (f"DUE;TZID={'x' * 5_000}:20301231T233000", date(2030, 12, 31)),
        ("DUE:20301231T113000Z", date(2031, 1, 1)),
    ],
)
def test_due_date_ignores_tzid_and_converts_utc(due, due_on):
    with timezone.override("Pacific/Auckland"):
        (row,) = read("ics", calendar(f"SUMMARY:A\r\n{due}"))
    assert row.due_on == due_on


@pytest.mark.parametrize(("zone", "day"), [("Europe/Berlin", 31), ("America/Los_Angeles", 30), ("UTC", 30)])
def test_due_time_in_utc_is_converted_to_current_time_zone(zone, day):
    with timezone.override(zone):
        assert read_case("utc_due_and_newline.ics")[0].due_on == date(2026, 12, day)


def test_due_date_is_computed_from_start_and_duration():
    entries = read_case("dur.ics")
    assert [(row.uid, row.due_on) for row in rows(entries)] == [
        ("d1", date(2026, 12, 12)),
        ("d2", date(2026, 12, 10)),
        ("d3", date(2026, 12, 17)),
        ("d4", None),
    ]
    assert rows(entries)[3].left_out == ("start “20261210T090000Z”",)
    assert entries[4] == BadRow(27, "“PXX” is not a valid DURATION. Write it like P2D or PT1H.")


def test_unusual_due_dates_are_read_and_invalid_ones_are_bad_rows():
    entries = read_case("due_odd.ics")
    due_dates = {row.uid: row.due_on for row in rows(entries)}
    assert due_dates["1"] is None
    assert due_dates["2"] == date(9999, 12, 31)
    assert due_dates["7"] == date(2027, 3, 28)
    assert {due_dates[uid] for uid in ("3", "4", "5", "6", "8", "9", "11", "12", "13", "16")} == {date(2026, 12, 31)}
    assert [entry.line for entry in entries if isinstance(entry, BadRow)] == [69, 74, 89]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Los_Angeles"])
def test_go_zero_time_is_ignored(zone):
    times = "".join(f"\n{name}:00010101T000000Z" for name in ("DUE", "DTSTART", "COMPLETED", "CREATED"))
    with timezone.override(zone):
        assert read("ics", calendar(f"SUMMARY:A{times}")) == [Row("A", line=2)]


def test_first_day_of_year_1_is_a_due_date():
    entries = read("ics", calendar("SUMMARY:A\nDUE;VALUE=DATE:00010101"))
    assert entries == [Row("A", due_on=date(1, 1, 1), line=2)]


def test_completion_and_creation_times_are_converted_from_their_time_zones():
    times = "COMPLETED;TZID=Europe/Berlin:20261120T010000\nCREATED;TZID=Unknown/Zone:20261119T010000"
    (row,) = read("ics", calendar(f"SUMMARY:A\n{times}"))
    assert row.completed_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert row.created_at == datetime(2026, 11, 19, 1, tzinfo=UTC)
