"""The CSV template that Todoist exports: tasks, subtasks, notes and sections, a row each, told apart by TYPE.

Tasks and subtasks become to-dos alike. A note belongs to the task before it, and goes to its notes. A due date that is
none, like "every day", goes there too, so that it isn't lost. Sections, priorities, parents and the like are reported.
"""

from collections.abc import Iterator

from todos.formats.parsing.dates import parse_due_or_words
from todos.formats.parsing.fields import to_row
from todos.formats.parsing.rows import MAX_LENGTH, BadRow, InvalidValue, Remark, Row, left_out, quoted
from todos.formats.parsing.table import Record

IGNORED = {"", "meta"}
DUE = ("date", "deadline")
NOTHING = {"priority": ("", "4"), "indent": ("", "1")}
"""What these columns have by default."""


def is_template(columns: list[str]) -> bool:
    return {"type", "content"} <= set(columns)


def read(columns: list[str], table: Iterator[Record | BadRow]) -> Iterator[Row | BadRow | Remark]:
    """What the rows below these columns say. The names of the columns are in lower case."""
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
        return "This note belongs to no task. Put it below one."
    return f"{quoted(kind)} is no type of row. There are task, note, section and meta."


class _Task:
    """A task whose notes may still follow."""

    def __init__(self, line: int, cell: dict[str, str]) -> None:
        self.line = line
        self.title = cell["content"]
        self.notes: list[str] = []
        self.length = 0
        self.add(cell.get("description", ""))
        self.due_on = ""
        self.left_out = self._read_due(cell) + _left_out(cell)

    def add(self, note: str) -> None:
        """What goes beyond the longest notes is refused when it is imported, so no more of it is kept."""
        if note.strip() and self.length <= MAX_LENGTH:
            self.notes.append(note)
            self.length += len(note)

    def row(self) -> Row | BadRow:
        texts = {"title": self.title, "notes": "\n\n".join(self.notes), "due_on": self.due_on}
        try:
            return to_row(texts, self.line, self.left_out)
        except InvalidValue as wrong:
            return BadRow(self.line, str(wrong))

    def _read_due(self, cell: dict[str, str]) -> tuple[str, ...]:
        """Take the date, or else the deadline. Return what is left out of them."""
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
