"""CSV: a table with a line of headers, for spreadsheets.

What is written begins with the mark by which Excel knows UTF-8, which others skip. A cell that a spreadsheet would take
for a formula gets an apostrophe before it, which reading takes away again.

What is read may have other headers, and dates in words. A Todoist template is known by its headers, see `todoist.py`.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from django.utils import timezone

from todos.formats import todoist
from todos.formats.dates import day_in_words
from todos.formats.fields import FIELDS, row_of, texts_of
from todos.formats.rows import EMPTY, BadRow, Row, Unreadable, Wrong
from todos.formats.table import Record, records

MARK = "\ufeff"
FORMULA = re.compile("'*[=+@＝＋＠－\t\r\n-]")
"""How a formula begins, or what would be taken for one that was made inert."""

HEADERS = {
    "title": ("title", "task", "task name", "to do", "todo", "subject", "summary", "name", "content"),
    "notes": ("notes", "note", "description", "details", "comment", "comments"),
    "due_on": ("due on", "due", "due date", "deadline", "date"),
    "completed_at": ("completed at", "completed on", "completed", "completion date", "date completed", "done"),
    "created_at": ("created at", "created on", "created", "creation date", "date created"),
    "uid": ("uid",),
}
"""What each column may be called, the likeliest first."""

DONE = {"yes", "true", "x", "1", "done", "completed"}
NOT_DONE = {"no", "false", "0"}


def write(rows: Iterable[Row]) -> Iterator[str]:
    yield MARK
    table = csv.writer(_Passing())
    yield table.writerow(FIELDS)
    for row in rows:
        yield table.writerow([_inert(text) for text in texts_of(row).values()])


def read(file: BinaryIO) -> Iterator[Row | BadRow]:
    table = records(file)
    headers = next(table, None)
    if headers is None:
        raise Unreadable(EMPTY)
    if isinstance(headers, BadRow):
        raise Unreadable(f"Line {headers.line} should name the columns. {headers.reason}")
    columns = [" ".join(re.split(r"[\s_-]+", cell.strip().casefold())) for cell in headers[1]]
    if todoist.is_template(columns):
        yield from todoist.read(columns, table)
    else:
        yield from _read(_places(columns), table)


def _read(places: dict[str, int], table: Iterator[Record | BadRow]) -> Iterator[Row | BadRow]:
    for record in table:
        if isinstance(record, BadRow):
            yield record
            continue
        line, cells = record
        try:
            yield row_of(_texts(places, cells), line)
        except Wrong as wrong:
            yield BadRow(line, str(wrong))


def _texts(places: dict[str, int], cells: list[str]) -> dict[str, str]:
    texts = {field: _active(cells[place]) for field, place in places.items() if place < len(cells)}
    if found := day_in_words(texts.get("due_on", ""), timezone.localdate()):
        texts["due_on"] = found.isoformat()
    completed = texts.get("completed_at", "").strip().casefold()
    if completed in DONE:
        texts["completed_at"] = timezone.now().isoformat()
    elif completed in NOT_DONE:
        texts["completed_at"] = ""
    return texts


def _places(columns: list[str]) -> dict[str, int]:
    """Where each field is found. Raises Unreadable if the title isn't."""
    places = {}
    for field, names in HEADERS.items():
        if name := next((name for name in names if name in columns), None):
            places[field] = columns.index(name)
    if "title" not in places:
        raise Unreadable(f"No column is called “title”. Name the columns in the first line, like {','.join(FIELDS)}.")
    return places


def _inert(text: str) -> str:
    return f"'{text}" if FORMULA.match(text) else text


def _active(text: str) -> str:
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


class _Passing:
    """A file that hands back what is written."""

    def write(self, text: str) -> str:
        return text
