"""Names of CSV columns in files of several programs and languages.

Names are compared in lowercase, with spaces for underscores and hyphens. If a file has several columns for one field,
the first name listed here takes precedence.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from todos.fields import FILE_FIELDS


def normalize(cells: Iterable[str]) -> list[str]:
    return [" ".join(re.split(r"[\s_-]+", cell.strip().casefold())) for cell in cells]


SINGLE = {
    "title": (
        *("title", "task", "task name", "to do", "todo", "subject", "summary", "name", "content"),
        *("titel", "betreff", "objet", "titre", "asunto", "título", "oggetto", "titolo", "onderwerp"),
    ),
    "due_on": (
        *("due on", "due", "due date", "due at", "deadline", "date"),
        *("fällig am", "fällig", "fälligkeitsdatum", "échéance", "date d'échéance", "fecha de vencimiento", "scadenza"),
    ),
    "completed_at": (
        *("completed at", "completed on", "completed time", "completion date", "completion time", "completed date"),
        *("date completed", "done at", "done on", "finished at", "erledigt am"),
    ),
    "completed": ("completed", "complete", "is completed", "done", "is done", "finished", "checked", "erledigt"),
    "status": ("status", "state", "progress", "état", "estado", "stato"),
    "percent": ("% complete", "percent complete", "% erledigt"),
    "created_at": ("created at", "created on", "created", "created time", "creation date", "date created"),
    "all_day": ("is all day", "all day"),
    "time_zone": ("timezone", "time zone"),
}
OWN_NAMES = {name: tuple(normalize([name])) for name in FILE_FIELDS if name != "notes"}
"""The names in files of Headway, which SINGLE extends for some fields."""

NOTES = {
    *("notes", "note", "description", "details", "comment", "comments", "content", "body", "memo"),
    *("notizen", "notiz", "beschreibung", "remarques", "notas", "note"),
}
"""All columns with these names are joined into the notes."""

UNSUPPORTED = {
    "tags": {"tags", "tag", "labels", "label", "categories", "category", "contexts", "context", "kategorien"},
    "priority": {"priority", "importance", "priorität", "priorité", "prioridad"},
    "repeat": {"repeat", "repeats", "recurrence", "recurring", "rrule", "repeat rule"},
    "parent": {"parent", "parentid", "parent id", "parent task", "subtask of"},
    "reminder": {"reminder", "reminders", "reminder on/off", "remind at"},
    "start": {"start", "start date", "start time", "started at", "beginnt am", "beginn"},
    "time": {"due time", "time", "time due", "uhrzeit"},
    "assignee": {"assignee", "assigned to", "responsible", "delegated to"},
}
"""Columns whose values are reported for each row."""

TECHNICAL = {
    *("id", "taskid", "task id", "uuid", "order", "position", "sort order", "kind", "type"),
    *("is floating", "is check list", "column order", "view mode"),
    *("updated at", "updated", "modified", "modified at", "last modified", "reminder date", "reminder time"),
    *("sensitivity", "role", "private", "schedule+ priority"),
}
"""Columns with internal data of other programs, which are ignored without a remark."""


@dataclass
class Columns:
    """Indexes of the columns by meaning."""

    single: dict[str, int] = field(default_factory=dict)
    notes: list[int] = field(default_factory=list)
    unsupported: dict[int, str] = field(default_factory=dict)
    """Kinds of values that are reported, by index."""

    unknown: set[int] = field(default_factory=set)


def known_columns(cells: list[str]) -> int:
    """Return how many of these cells name a known column, or 0 if none is the title."""
    columns = find_columns(normalize(cells))
    known = len(columns.single) + len(columns.notes) + len(columns.unsupported)
    return known if "title" in columns.single else 0


def find_columns(names: list[str]) -> Columns:
    """Return the meaning of the columns with these normalized names."""
    single = {}
    for field_name, candidates in (OWN_NAMES | SINGLE).items():
        if name := next((name for name in candidates if name in names), None):
            single[field_name] = names.index(name)
    columns = Columns(single)
    kinds = {name: kind for kind, candidates in UNSUPPORTED.items() for name in candidates}
    for index, name in enumerate(names):
        if index in single.values() or name in TECHNICAL or not name:
            continue
        if name in NOTES:
            columns.notes.append(index)
        elif name in kinds:
            columns.unsupported[index] = kinds[name]
        else:
            columns.unknown.add(index)
    return columns
