"""File formats for import and export: CSV, todo.txt, iCalendar and Headway's own JSON.

Each format streams rows to and from a file, without access to the database. Reading does not validate the length or
characters of titles and notes: the form does so when the rows are imported.

    csv · comma_separated.py     also reads the headers of other programs, such as TickTick, and Todoist's templates
    txt · todo_txt.py            dates without times; no notes
    ics · ics.py                 also reads files of Vikunja, Nextcloud Tasks and others; times to the second
    json · headway_json.py       also reads the API's list of to-dos, and exports of Vikunja and Google Tasks

A to-do that can't be read becomes a BadRow, a value that Headway has no field for is named in Row.left_out, and other
content that is not imported is reported in a Remark.
"""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass
from pathlib import PurePath
from types import ModuleType
from typing import BinaryIO

from todos.formats import comma_separated, headway_json, ics, todo_txt
from todos.formats.parsing.rows import BadRow, Remark, Row, UnreadableFile
from todos.formats.parsing.text import encode_blocks

__all__ = ["FORMATS", "BadRow", "Format", "Remark", "Row", "UnreadableFile", "detect_format"]


@dataclass(frozen=True)
class Format:
    name: str
    """The format's name, and the extension of exported files."""

    label: str
    """Shown on pages."""

    content_type: str
    write: Callable[[Iterable[Row]], Iterator[bytes]]
    """Yields blocks of about 64 KiB, so memory does not grow with the number of rows."""

    read: Callable[[BinaryIO], Iterator[Row | BadRow | Remark]]
    """Raises UnreadableFile, possibly after the first rows: callers must then discard these rows."""

    missing_fields: Set[str]
    """The fields in `fields.FILE_FIELDS` that this format has no place for."""


def _format(
    name: str, label: str, content_type: str, module: ModuleType, missing_fields: Set[str] = frozenset()
) -> Format:
    return Format(
        name, label, content_type, lambda rows: encode_blocks(module.write(rows)), module.read, missing_fields
    )


FORMATS = {
    format.name: format
    for format in (
        _format("csv", "CSV, for spreadsheets", "text/csv; charset=utf-8", comma_separated),
        _format("txt", "todo.txt, without notes", "text/plain; charset=utf-8", todo_txt, {"notes", "uid"}),
        _format("ics", "iCalendar", "text/calendar; charset=utf-8", ics),
        _format("json", "JSON", "application/json", headway_json),
    )
}

SIGNATURES = ((b"BEGIN:VCALENDAR", "ics"), (b"{", "json"), (b"[", "json"))
"""First bytes of a file, checked if its extension is unknown."""

EXTENSIONS = {"csv": "csv", "tsv": "csv", "txt": "txt", "ics": "ics", "ical": "ics", "json": "json"}


def detect_format(name: str, head: bytes) -> Format | None:
    """Return the format of a file by its extension, or else by its first bytes. Return None if it is not supported."""
    if format_name := EXTENSIONS.get(PurePath(name).suffix.lower().removeprefix(".")):
        return FORMATS[format_name]
    text = head.removeprefix(BOM_UTF8).lstrip().upper()
    return next((FORMATS[format_name] for signature, format_name in SIGNATURES if text.startswith(signature)), None)
