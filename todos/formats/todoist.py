"""Todoist's CSV template, with a row per task, subtask, note or section, distinguished by the column TYPE.

Both tasks and subtasks become to-dos. A note is added to the notes of the preceding task, and so is a due date that
can't be parsed, such as "every day". Sections, priorities, parents and other unsupported values are reported.
"""

from collections.abc import Iterator

from todos.formats.parsing.dates import parse_due_or_words
from todos.formats.parsing.fields import to_row
from todos.formats.parsing.rows import MAX_LENGTH, BadRow, InvalidValue, Remark, Row, left_out, quoted
from todos.formats.parsing.table import Record

IGNORED_TYPES = {"", "meta"}
DUE_COLUMNS = ("date", "deadline")
DEFAULTS = {"priority": ("", "4"), "indent": ("", "1")}
"""Values of these columns that are not reported."""


def is_template(columns: list[str]) -> bool:
    return {"type", "content"} <= set(columns)


def read(columns: list[str], records: Iterator[Record | BadRow]) -> Iterator[Row | BadRow | Remark]:
    """Read the rows of a template. The column names must be lowercase."""
    task: _Task | None = None
    for record in records:
        if isinstance(record, BadRow):
            yield record
            continue
        line, cells = record
        cell = dict.fromkeys(columns, "") | dict(zip(columns, cells, strict=False))
        row_type = cell["type"].strip().lower()
        if row_type == "task":
            if task:
                yield task.row()
            task = _Task(line, cell)
        elif row_type == "section":
            if name := cell["content"].strip():
                yield Remark(line, f"The section name {quoted(name)} was left out: Headway has no sections.")
        elif row_type == "note" and task:
            task.add_note(cell["content"])
        elif row_type not in IGNORED_TYPES:
            yield BadRow(line, _misplaced(row_type))
    if task:
        yield task.row()


def _misplaced(row_type: str) -> str:
    if row_type == "note":
        return "This note does not belong to a task. Move it below one."
    return f"{quoted(row_type)} is not a row type. The types are task, note, section and meta."


class _Task:
    """A task, to which notes of following rows can be added."""

    def __init__(self, line: int, cell: dict[str, str]) -> None:
        self.line = line
        self.title = cell["content"]
        self.notes: list[str] = []
        self.length = 0
        self.add_note(cell.get("description", ""))
        self.due_on = ""
        self.left_out = self._read_due(cell) + _left_out(cell)

    def add_note(self, note: str) -> None:
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
        """Set the due date to the value of DATE, or else of DEADLINE. Return entries for Row.left_out."""
        unsupported: tuple[str, ...] = ()
        for column in DUE_COLUMNS:
            if words := cell.get(column, "").strip():
                try:
                    due = parse_due_or_words(words)
                except InvalidValue:
                    self.add_note(f"Due in Todoist: {words}")
                    continue
                unsupported += due.left_out if not self.due_on else left_out(column, words)
                self.due_on = self.due_on or due.day.isoformat()
        return unsupported


def _left_out(cell: dict[str, str]) -> tuple[str, ...]:
    priority, indent = cell.get("priority", "").strip(), cell.get("indent", "").strip()
    entries = left_out("priority", priority) if priority not in DEFAULTS["priority"] else ()
    if indent not in DEFAULTS["indent"]:
        entries += ("parent",)
    entries += left_out("assignee", cell.get("responsible", ""))
    return entries + left_out("duration", f"{cell.get('duration', '')} {cell.get('duration unit', '')}")
