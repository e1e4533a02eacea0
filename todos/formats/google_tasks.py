"""Google Tasks as exported by Google Takeout: `Tasks.json` contains lists of tasks."""

from typing import Any

from django.utils import timezone

from todos.formats.parsing.dates import parse_due
from todos.formats.parsing.fields import storable_uid, to_row
from todos.formats.parsing.rows import Remark, Row, left_out

DATE_LENGTH = len("2030-01-31")
MIDNIGHT = "T00:00:00"
"""The time of day of every "due", even if the task is scheduled for another time."""


def is_task(value: dict[str, Any]) -> bool:
    return value.get("kind") == "tasks#task" or value.get("status") in ("needsAction", "completed")


def row(task: dict[str, Any], line: int) -> Row | Remark:
    """Return the to-do of this task. Raise InvalidValue."""
    texts = {name: value for name, value in task.items() if isinstance(value, str)}
    if task.get("deleted") is True:
        return Remark(line, "A deleted task was left out.")
    is_completed = texts.get("status") == "completed"
    due_on, scheduled = texts.get("due", "")[:DATE_LENGTH], _scheduled(task)
    unsupported = parse_due(scheduled).left_out if due_on and scheduled else ()
    unsupported += left_out("repeat", texts.get("task_recurrence_id", ""))
    return to_row(
        {
            "title": texts.get("title", ""),
            "notes": texts.get("notes", ""),
            "due_on": due_on or scheduled,
            "completed_at": (texts.get("completed") or timezone.now().isoformat()) if is_completed else "",
            "created_at": texts.get("created", ""),
            "uid": storable_uid(texts.get("id", "")),
        },
        line,
        unsupported + (("parent",) if texts.get("parent") else ()) + (("link",) if task.get("links") else ()),
    )


def _scheduled(task: dict[str, Any]) -> str:
    """Return the scheduled time, or only the date for midnight, which Google writes if there is no time of day."""
    times = task.get("scheduled_time")
    for time in times if isinstance(times, list) else ():
        if isinstance(time, dict) and time.get("current") and isinstance(start := time.get("start"), str):
            return start[:DATE_LENGTH] if start[DATE_LENGTH:].startswith(MIDNIGHT) else start
    return ""
