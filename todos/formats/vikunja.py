"""Vikunja's own export: `data.json` contains projects with tasks. Its API returns tasks of the same form."""

from typing import Any

from django.utils import timezone

from todos.formats.parsing.dates import is_zero_time
from todos.formats.parsing.fields import to_row
from todos.formats.parsing.html_text import html_to_text
from todos.formats.parsing.rows import Row, left_out

UNSUPPORTED = {
    "labels": "tags",
    "reminders": "reminder",
    "assignees": "assignee",
    "attachments": "attachment",
    "comments": "comment",
}
"""Members with lists that Headway has no field for, and the kind of their elements."""

RELATIONS = {"parenttask": "parent", "subtask": "subtask", "related": "related to-do"}


def is_task(value: dict[str, Any]) -> bool:
    return "done" in value


def row(task: dict[str, Any], line: int) -> Row:
    """Return the to-do of this task. Raise InvalidValue."""
    texts = {name: value for name, value in task.items() if isinstance(value, str)}
    due = _time(texts, "due_date")
    completed = (_time(texts, "done_at") or timezone.now().isoformat()) if task.get("done") is True else ""
    return to_row(
        {
            "title": texts.get("title", ""),
            "notes": html_to_text(texts.get("description", "")),
            "due_on": due,
            "completed_at": completed,
            "created_at": _time(texts, "created"),
        },
        line,
        _left_out(task, texts, due),
    )


def _time(texts: dict[str, str], name: str) -> str:
    text = texts.get(name, "")
    return "" if is_zero_time(text) else text


def _left_out(task: dict[str, Any], texts: dict[str, str], due: str) -> tuple[str, ...]:
    entries: list[str] = []
    for name, kind in UNSUPPORTED.items():
        if (values := task.get(name)) and isinstance(values, list):
            titles = [value["title"] for value in values if isinstance(value, dict) and "title" in value]
            entries += left_out(kind, ", ".join(map(str, titles))) or (kind,)
    relations = task.get("related_tasks")
    entries += [kind for name, kind in RELATIONS.items() if isinstance(relations, dict) and relations.get(name)]
    for name, kind in (("priority", "priority"), ("repeat_after", "repeat"), ("percent_done", "progress")):
        if value := task.get(name):
            entries += left_out(kind, f"{value} s" if kind == "repeat" else str(value))
    if task.get("repeat_mode") == 1:
        entries.append("repeat “monthly”")
    for name, kind in (("start_date", "start"), ("end_date", "end")):
        if (value := _time(texts, name)) and value != due:
            entries += left_out(kind, value)
    return tuple(entries)
