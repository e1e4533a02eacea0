"""JSON and iCalendar exports of Vikunja."""

from datetime import UTC, date, datetime

import pytest

from tests.todos.formats.helpers import NOW, read, read_case, remarks, rows
from todos.formats import Remark, Row, UnreadableFile

CALENDAR = """\
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


@pytest.mark.time_machine(NOW, tick=False)
def test_vikunja_export_is_read():
    created = datetime(2026, 1, 1, tzinfo=UTC)
    assert read_case("data.json") == [
        Row(
            "Water plants",
            "two cans",
            date(2026, 12, 31),
            created_at=created,
            line=1,
            left_out=("time “22:59”", "priority “3”"),
        ),
        Row("Done", completed_at=datetime(2026, 2, 1, tzinfo=UTC), line=1),
        Remark(1, "The list name “Home” was left out: Headway keeps all to-dos in one list."),
    ]


@pytest.mark.time_machine(NOW, tick=False)
def test_members_without_a_field_are_reported():
    (row,) = read(
        "json",
        """[{"title": "A", "done": true, "done_at": "0001-01-01T00:00:00Z", "labels": [{"title": "home"}],
        "reminders": [{"reminder": "2026-01-01T00:00:00Z"}], "assignees": null, "repeat_after": 86400,
        "related_tasks": {"parenttask": [{"id": 1}]}, "start_date": "2026-01-01T00:00:00Z", "percent_done": 0.5,
        "description": "<p>One &amp; two</p><ul><li>three</li><li>four</li></ul><script>five</script>"}]""",
    )
    assert (row.notes, row.completed_at) == ("One & two\n- three\n- four", NOW)
    assert row.left_out == (
        *("tags “home”", "reminder", "parent", "repeat “86400 s”", "progress “0.5”"),
        "start “2026-01-01T00:00:00Z”",
    )


def test_todos_of_lists_in_namespaces_are_read():
    task = '{{"title": "{}", "done": false}}'
    entries = read(
        "json",
        f"""[{{"id": 1, "title": "Private", "lists": [
        {{"title": "Home", "tasks": [{task.format("A")}, {task.format("B")}], "buckets": null}},
        {{"title": "Empty", "tasks": null}}]}},
        {{"title": "Archive", "lists": null}},
        {{"title": "Work", "lists": [{{"tasks": [{task.format("C")}], "title": "Office"}}]}}]""",
    )
    assert [row.title for row in rows(entries)] == ["A", "B", "C"]
    assert [text.split("”")[0] for _, text in remarks(entries)] == [
        f"The list name “{title}" for title in ("Home", "Empty", "Private", "Archive", "Office", "Work")
    ]


def test_todos_of_child_projects_are_read():
    child = '{"title": "Garden", "tasks": [{"title": "B", "done": false}]}'
    entries = read(
        "json", f'[{{"title": "Home", "tasks": [{{"title": "A", "done": false}}], "child_projects": [{child}]}}]'
    )
    assert [row.title for row in rows(entries)] == ["A", "B"]


@pytest.mark.parametrize("depth", [30, 3_000])
def test_too_deeply_nested_lists_are_unreadable(depth):
    with pytest.raises(UnreadableFile, match="nested too deeply"):
        read("json", '[{"lists": ' * depth + "[]" + "}]" * depth)


def test_project_longer_than_a_block_is_read():
    task = '{"title": "A", "done": false, "description": "' + "long " * 20 + '"}'
    tasks = ",\n".join([task] * 10_000)
    entries = read("json", f'[{{"title": "Home", "tasks": [\n{tasks}]}}, {{"title": "Empty", "tasks": null}}]')
    assert len(rows(entries)) == 10_000
    assert [line for line, _ in remarks(entries)] == [1, 10_001]


@pytest.mark.parametrize(
    ("due", "due_on"),
    [
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:53:28+00:53", None),
        ("0000-12-31T19:03:58-04:56", None),
        ("0001-01-01T09:00:00Z", date(1, 1, 1)),
    ],
)
def test_go_zero_time_is_not_a_due_date(due, due_on):
    (row,) = read("json", f'[{{"title": "A", "done": false, "due_date": "{due}"}}]')
    assert row.due_on == due_on


def test_vikunja_calendar_is_read():
    created = datetime(2026, 11, 20, 7, 33, 37, tzinfo=UTC)
    assert read("ics", CALENDAR) == [
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
