"""JSON exports of Google Tasks by Google Takeout."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from tests.todos.formats.helpers import read
from todos.formats import Remark, Row

TAKEOUT = """\
{"kind": "tasks#taskLists", "items": [{"kind": "tasks#tasks", "id": "L1", "title": "My Tasks", "items": [
{"kind": "tasks#task", "id": "T1", "title": "Buy milk", "status": "needsAction", "due": "2026-12-31T00:00:00Z",
 "notes": "two", "created": "2026-11-01T08:00:00Z", "links": []},
{"kind": "tasks#task", "id": "T2", "title": "Pay", "status": "completed", "completed": "2026-11-20T08:00:00Z",
 "parent": "T1", "scheduled_time": [{"current": true, "start": "2026-11-20T23:30:00Z"}]},
{"kind": "tasks#task", "id": "T3", "title": "Gone", "status": "needsAction", "deleted": true}
]}]}
"""


def test_google_takeout_is_read():
    with timezone.override("America/Los_Angeles"):
        entries = read("json", TAKEOUT)
    assert entries == [
        Row("Buy milk", "two", date(2026, 12, 31), None, datetime(2026, 11, 1, 8, tzinfo=UTC), "T1", line=2),
        Row(
            "Pay",
            "",
            date(2026, 11, 20),
            datetime(2026, 11, 20, 8, tzinfo=UTC),
            uid="T2",
            line=4,
            left_out=("time “15:30”", "parent"),
        ),
        Remark(6, "A deleted task was left out."),
        Remark(1, "The list name “My Tasks” was left out: Headway keeps all to-dos in one list."),
    ]


@pytest.mark.parametrize(
    ("times", "left_out"),
    [
        ('"due": "2026-12-03T00:00:00.000Z"', ()),
        ('"due": "2026-12-03", "scheduled_time": [{"current": true, "start": "2026-12-03T00:00:00Z"}]', ()),
        ('"scheduled_time": [{"current": true, "start": "2026-12-03T00:00:00Z"}]', ()),
        (
            '"due": "2026-12-03", "scheduled_time": [{"current": true, "start": "2026-12-03T08:30:00Z"}]',
            ("time “09:30”",),
        ),
    ],
)
def test_time_of_day_is_read_only_from_scheduled_time(times, left_out):
    with timezone.override("Europe/Berlin"):
        (row,) = read("json", f'[{{"title": "A", "status": "needsAction", {times}}}]')
    assert (row.due_on, row.left_out) == (date(2026, 12, 3), left_out)
