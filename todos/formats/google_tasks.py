"""Google Tasks, as Google Takeout exports them: `Tasks.json` has lists, and these have tasks."""

from typing import Any

from django.utils import timezone

from todos.formats.dates import day
from todos.formats.fields import known_uid, row_of
from todos.formats.rows import Remark, Row, left_out

DATE = len("2030-01-31")


def is_task(value: dict[str, Any]) -> bool:
    return value.get("kind") == "tasks#task" or value.get("status") in ("needsAction", "completed")


def row(task: dict[str, Any], line: int) -> Row | Remark:
    """Return the to-do of this task. Raises Wrong."""
    texts = {name: value for name, value in task.items() if isinstance(value, str)}
    if task.get("deleted") is True:
        return Remark(line, "A deleted task was left out.")
    is_completed = texts.get("status") == "completed"
    found = left_out("repeat", texts.get("task_recurrence_id", ""))
    return row_of(
        {
            "title": texts.get("title", ""),
            "notes": texts.get("notes", ""),
            "due_on": _due_on(task, texts),
            "completed_at": (texts.get("completed") or timezone.now().isoformat()) if is_completed else "",
            "created_at": texts.get("created", ""),
            "uid": known_uid(texts.get("id", "")),
        },
        line,
        found + (("parent",) if texts.get("parent") else ()) + (("link",) if task.get("links") else ()),
    )


def _due_on(task: dict[str, Any], texts: dict[str, str]) -> str:
    """Return the date of "due", whose time means nothing; or else the day of the time that it is scheduled for."""
    if due := texts.get("due"):
        return due[:DATE]
    for time in task.get("scheduled_time") or ():
        if isinstance(time, dict) and time.get("current") and isinstance(time.get("start"), str):
            return day(time["start"]).isoformat()
    return ""
