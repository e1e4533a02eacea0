"""CSV backups of TickTick."""

from datetime import UTC, date, datetime

import pytest

from tests.todos.formats.helpers import NOW, read, read_case, remarks, rows
from todos.formats import Row

pytestmark = pytest.mark.time_machine(NOW, tick=False)


def test_ticktick_backup_is_read():
    created = datetime(2026, 8, 20, 10, tzinfo=UTC)
    entries = read_case("ticktick.csv")
    assert rows(entries) == [
        Row(
            "Water plants",
            "two cans",
            date(2026, 11, 6),
            created_at=datetime(2026, 9, 20, 10, tzinfo=UTC),
            line=8,
            left_out=("tags “home, garden”", "priority “5”", "parent “1”"),
        ),
        Row("Garden", created_at=datetime(2026, 9, 20, 10, tzinfo=UTC), line=9),
        Row("Old done", "", date(2026, 9, 2), datetime(2026, 9, 2, 10, tzinfo=UTC), created, line=10),
        Row("Done one", "", None, datetime(2026, 9, 3, 10, tzinfo=UTC), created, line=11),
        Row("Done without time", "", None, NOW, created, line=12),
        Row("Checklist", "▫Milk\n▪Bread", created_at=created, line=13),
        Row("Start only", created_at=created, line=15, left_out=("start “2026-12-01T08:00:00+0000”",)),
    ]
    assert remarks(entries) == [
        (1, "Lines 1 to 6 are above the column names and were skipped."),
        (0, "These columns were left out, because Headway has no such fields: “List Name” (first used on line 8)."),
    ]


@pytest.mark.parametrize(
    ("zone", "day"), [("Europe/Berlin", 6), ("America/Los_Angeles", 5), ("Mars/Olympus", 5), ("", 5)]
)
def test_due_date_is_local_in_time_zone_of_its_row(zone, day):
    (row,) = read("csv", f"Title,Due Date,Timezone\nA,2026-11-05T23:00:00+0000,{zone}\n")
    assert row.due_on == date(2026, 11, day)


@pytest.mark.parametrize(("all_day", "left_out"), [("false", ("time “09:30”",)), ("", ("time “09:30”",)), ("true", ())])
def test_time_of_all_day_task_is_not_reported(all_day, left_out):
    content = "Title,Due Date,Timezone,Is All Day,Status,Completed Time\nA,{},{},{},0,\n"
    (row,) = read("csv", content.format("2026-12-03T08:30:00+0000", "Europe/Berlin", all_day))
    assert (row.due_on, row.left_out) == (date(2026, 12, 3), left_out)


@pytest.mark.parametrize(("status", "is_completed"), [("0", False), ("1", True), ("2", True), ("-1", True)])
def test_numeric_status_is_understood(status, is_completed):
    (row,) = read("csv", f"Title,Status,Completed Time,Is All Day\nA,{status},,\n")
    assert row.completed_at == (NOW if is_completed else None)
