"""The formats that lists of to-dos are exported in and imported from: CSV, todo.txt, iCalendar, and JSON of our own.

A format writes rows and reads rows, in a stream, and knows neither the database nor whose to-dos they are. What it has
read is not yet found right: what a title or notes may be is judged by the form when the rows are imported.

    csv · comma_separated.py     also with other headers, as from TickTick and Outlook; and Todoist's templates
    txt · todo_txt.py            days and no times; without notes
    ics · calendar.py            also those of Vikunja, Nextcloud Tasks and others; times to the second
    json · own_json.py           also the list that the API answers with, and exports of Vikunja and Google Tasks

What a file says is read or reported: as a BadRow if a to-do can't be read, in Row.left_out if Headway has no field for
a part of it, and else as a Remark.
"""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from types import ModuleType
from typing import BinaryIO

from todos.formats import calendar, comma_separated, own_json, todo_txt
from todos.formats.parsing.rows import BadRow, Remark, Row, Unreadable
from todos.formats.parsing.text import in_blocks

__all__ = ["FORMATS", "BadRow", "Format", "Remark", "Row", "Unreadable", "format_of"]


@dataclass(frozen=True)
class Format:
    name: str
    """Also how the names of its files end."""

    label: str
    """For people."""

    content_type: str
    write: Callable[[Iterable[Row]], Iterator[bytes]]
    """In blocks of a few tens of kilobytes, whatever the number of rows."""

    read: Callable[[BinaryIO], Iterator[Row | BadRow | Remark]]
    """One row after the other. Raises Unreadable, also after some rows: then none of them should be kept."""


def _format(name: str, label: str, content_type: str, module: ModuleType) -> Format:
    return Format(name, label, content_type, lambda rows: in_blocks(module.write(rows)), module.read)


FORMATS = {
    made.name: made
    for made in (
        _format("csv", "CSV, for spreadsheets", "text/csv; charset=utf-8", comma_separated),
        _format("txt", "todo.txt, without notes", "text/plain; charset=utf-8", todo_txt),
        _format("ics", "iCalendar", "text/calendar; charset=utf-8", calendar),
        _format("json", "JSON", "application/json", own_json),
    )
}

BEGINNINGS = ((b"BEGIN:VCALENDAR", "ics"), (b"{", "json"), (b"[", "json"))
"""What tells a format when the name doesn't."""

ENDINGS = {"csv": "csv", "tsv": "csv", "txt": "txt", "ics": "ics", "ical": "ics", "json": "json"}


def format_of(name: str, head: bytes) -> Format | None:
    """By the end of the file's name, else by its first bytes; None if it is none of ours."""
    if ending := ENDINGS.get(PurePath(name).suffix.lower().removeprefix(".")):
        return FORMATS[ending]
    text = head.removeprefix(BOM_UTF8).lstrip().upper()
    return next((FORMATS[known] for beginning, known in BEGINNINGS if text.startswith(beginning)), None)
