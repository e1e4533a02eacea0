"""Todoist's CSV template, with a row per task, subtask, note or section, distinguished by the column TYPE.

Both tasks and subtasks become to-dos. A note is added to the notes of the preceding task, and so is a due date that
can't be parsed, such as "every day". Sections, priorities, parents and other unsupported values are reported.
"""

from collections.abc import Iterator

from todos.formats.parsing.dates import parse_due_or_words
from todos.formats.parsing.fields import to_row
from todos.formats.parsing.rows import MAX_LENGTH, BadRow, InvalidValue, Remark, Row, left_out, quoted
from todos.formats.parsing.table import Record

IGNORED = {"", "meta"}
DUE = ("date", "deadline")
NOTHING = {"priority": ("", "4"), "indent": ("", "1")}
"""Default values of these columns."""


def is_template(columns: list[str]) -> bool:
    return {"type", "content"} <= set(columns)


def read(columns: list[str], table: Iterator[Record | BadRow]) -> Iterator[Row | BadRow | Remark]:
    """Read the rows of a template. The column names must be in lower case."""
    task: _Task | None = None
    for record in table:
        if isinstance(record, BadRow):
            yield record
            continue
        line, cells = record
        cell = dict.fromkeys(columns, "") | dict(zip(columns, cells, strict=False))
        kind = cell["type"].strip().lower()
        if kind == "task":
            if task:
                yield task.row()
            task = _Task(line, cell)
        elif kind == "section":
            if name := cell["content"].strip():
                yield Remark(line, f"The section {quoted(name)} was left out: there are no sections here.")
        elif kind == "note" and task:
            task.add(cell["content"])
        elif kind not in IGNORED:
            yield BadRow(line, _misplaced(kind))
    if task:
        yield task.row()


def _misplaced(kind: str) -> str:
    if kind == "note":
        return "This note does not belong to a task. Move it below one."
    return f"{quoted(kind)} is not a row type. The types are task, note, section and meta."


class _Task:
    """A task, to which notes of following rows can be added."""

    def __init__(self, line: int, cell: dict[str, str]) -> None:
        self.line = line
        self.title = cell["content"]
        self.notes: list[str] = []
        self.length = 0
        self.add(cell.get("description", ""))
        self.due_on = ""
        self.left_out = self._read_due(cell) + _left_out(cell)

    def add(self, note: str) -> None:
        """Add a note, unless the notes are already too long to be imported."""
        if note.strip() and self.length <= MAX_LENGTH:
            self.notes.append(note)
            self.length += len(note)

    def row(self) -> Row | BadRow:
        texts = {"title": self.title, "notes": "\n\n".join(self.notes), "due_on": self.due_on}
        try:
            return to_row(texts, self.line, self.left_out)
        except InvalidValue as error:
            return BadRow(self.line, str(error))

    def _read_due(self, cell: dict[str, str]) -> tuple[str, ...]:
        """Set the due date to the date, or else the deadline. Return entries for Row.left_out."""
        found: tuple[str, ...] = ()
        for column in DUE:
            if words := cell.get(column, "").strip():
                try:
                    due = parse_due_or_words(words)
                except InvalidValue:
                    self.add(f"Due in Todoist: {words}")
                    continue
                found += due.left_out if not self.due_on else left_out(column, words)
                self.due_on = self.due_on or due.day.isoformat()
        return found


def _left_out(cell: dict[str, str]) -> tuple[str, ...]:
    priority, indent = cell.get("priority", "").strip(), cell.get("indent", "").strip()
    found = left_out("priority", priority) if priority not in NOTHING["priority"] else ()
    if indent not in NOTHING["indent"]:
        found += ("parent",)
    found += left_out("assignee", cell.get("responsible", ""))
    return found + left_out("duration", f"{cell.get('duration', '')} {cell.get('duration unit', '')}")
