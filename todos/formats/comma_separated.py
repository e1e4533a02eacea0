"""CSV: a table with a line of headers, for spreadsheets.

Files are written with a byte order mark, so that Excel recognizes UTF-8. A cell that a spreadsheet would interpret as a
formula is prefixed with an apostrophe, which is removed when the file is read.

Files are also read with the headers of other programs, and with dates in words. A Todoist template is recognized by its
headers and read by `todoist.py`.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from django.utils import timezone

from todos.fields import FILE_FIELDS
from todos.formats import todoist
from todos.formats.parsing.columns import find_columns, known_columns, normalize
from todos.formats.parsing.completed import is_done, is_other_status
from todos.formats.parsing.dates import MIDNIGHT, Due, parse_due_or_words
from todos.formats.parsing.fields import to_row, to_texts
from todos.formats.parsing.numeric_dates import DayOrder
from todos.formats.parsing.rows import EMPTY, BadRow, InvalidValue, Remark, Row, UnreadableFile, left_out, quoted
from todos.formats.parsing.table import Record, Table
from todos.time_zones import get_time_zone

BYTE_ORDER_MARK = "\ufeff"
FORMULA = re.compile("'*[=+@＝＋＠－\t\r\n-]")
"""The start of a formula, or of text that would be read as an escaped formula."""

DATE_COLUMNS = ("due_on", "completed_at", "completed", "created_at")
EMPTY_VALUES = {"-", "0", "false", "n", "no", "none", "normal", "off", *MIDNIGHT}
"""Values that programs write for a to-do without a priority, a reminder and so on."""

MAX_COLUMNS_LISTED = 20
"""Maximum number of columns named in a remark."""

TICKTICK = {"status", "completed time", "is all day"}
"""Columns that identify a TickTick backup, in which statuses are numbers."""

TICKTICK_STATUS = {"0": "open", "1": "completed", "2": "completed", "-1": "won't do"}


def write(rows: Iterable[Row]) -> Iterator[str]:
    yield BYTE_ORDER_MARK
    writer = csv.writer(_Echo())
    yield writer.writerow(FILE_FIELDS)
    for row in rows:
        yield writer.writerow([_escape_formula(text) for text in to_texts(row).values()])


def read(file: BinaryIO) -> Iterator[Row | BadRow | Remark]:
    table = Table(file, known_columns)
    records = iter(table)
    headers = next(records, None)
    if headers is None:
        raise UnreadableFile(EMPTY)
    if isinstance(headers, BadRow):
        raise UnreadableFile(f"Line {headers.line} must contain the column names. {headers.reason}")
    names = normalize(headers[1])
    if table.lines_before:
        first, last = table.lines_before
        yield Remark(first, _heading_remark(first, last))
    if todoist.is_template(names):
        yield from todoist.read(names, records)
    else:
        yield from _Reader(headers[1], is_day_first=table.delimiter != ",").read(records)


def _heading_remark(first: int, last: int) -> str:
    if first == last:
        return f"Line {first} is above the column names and was skipped."
    return f"Lines {first} to {last} are above the column names and were skipped."


class _Reader:
    """Reader of the rows of one file, by its columns and the order of day and month in its dates."""

    def __init__(self, headers: list[str], *, is_day_first: bool) -> None:
        """Find the columns. Raise UnreadableFile if none is the title.

        `is_day_first` is the default for ambiguous dates. Files with semicolons come from countries with a decimal
        comma, where the month is never written first.
        """
        names = normalize(headers)
        self._headers = headers
        self._columns = find_columns(names)
        self._is_ticktick = set(names) >= TICKTICK
        self._order = DayOrder(default_day_first=is_day_first)
        self._dates = [self._columns.single[name] for name in DATE_COLUMNS if name in self._columns.single]
        self._first_lines: dict[int, int] = {}
        """By index of an unknown column, the first line with a value in it."""

        if "title" not in self._columns.single:
            raise UnreadableFile(
                f"No column is named “title”. Name the columns in the first line, for example {','.join(FILE_FIELDS)}."
            )

    def read(self, records: Iterator[Record | BadRow]) -> Iterator[Row | BadRow | Remark]:
        for record in self._with_known_order(records):
            yield record if isinstance(record, BadRow) else self._parse(*record)
        if self._order.is_unknown:
            yield Remark(0, self._order_remark())
        if self._first_lines:
            yield Remark(0, self._columns_remark())

    def _order_remark(self) -> str:
        example = quoted(self._order.ambiguous)
        order = "day/month/year" if self._order.is_day_first else "month/day/year"
        return (
            f"Dates like {example} were read as {order}: no date in the file shows the order. "
            "If that is wrong, write them as year-month-day."
        )

    def _columns_remark(self) -> str:
        columns = [
            f"{quoted(self._headers[index].strip())} (first used on line {line})"
            for index, line in self._first_lines.items()
        ]
        more = f" and {len(columns) - MAX_COLUMNS_LISTED} more" if len(columns) > MAX_COLUMNS_LISTED else ""
        listed = ", ".join(columns[:MAX_COLUMNS_LISTED])
        return f"These columns were left out, because Headway has no such fields: {listed}{more}."

    def _with_known_order(self, records: Iterator[Record | BadRow]) -> Iterator[Record | BadRow]:
        """Buffer rows while one of them has an ambiguous date and the order is unknown."""
        buffer: list[Record | BadRow] = []
        for record in records:
            buffer.append(record)
            if not isinstance(record, BadRow):
                for index in self._dates:
                    self._order.examine(_cell(record[1], index))
            if not self._order.is_unknown:
                yield from buffer
                buffer.clear()
        yield from buffer

    def _parse(self, line: int, cells: list[str]) -> Row | BadRow:
        for index in self._columns.unknown:
            if index not in self._first_lines and _cell(cells, index).strip().casefold() not in EMPTY_VALUES:
                self._first_lines[index] = line
        single = {name: _unescape_formula(_cell(cells, index)) for name, index in self._columns.single.items()}
        try:
            due = self._due(single)
            unsupported = (due.left_out if due else ()) + self._left_out(single, cells)
            return to_row(self._texts(single, cells, due), line, unsupported)
        except InvalidValue as error:
            return BadRow(line, str(error))

    def _texts(self, single: dict[str, str], cells: list[str], due: Due | None) -> dict[str, str]:
        notes = [text for index in self._columns.notes if (text := _unescape_formula(_cell(cells, index))).strip()]
        return single | {
            "notes": "\n\n".join(notes),
            "due_on": due.day.isoformat() if due else "",
            "completed_at": self._completed_at(single),
            "created_at": self._order.to_iso(single.get("created_at", "")),
        }

    def _due(self, single: dict[str, str]) -> Due | None:
        """Return the due date in the time zone of the row. Raise InvalidValue."""
        text, zone = single.get("due_on", ""), single.get("time_zone", "").strip()
        if not text.strip():
            return None
        with timezone.override(get_time_zone(zone) or timezone.get_current_timezone()):
            due = parse_due_or_words(self._order.to_iso(text))
        return Due(due.day) if is_done(single.get("all_day", "")) else due

    def _completed_at(self, single: dict[str, str]) -> str:
        """Return the completion time: now if the file has none for a completed to-do, empty if it is active."""
        now = timezone.now().isoformat()
        for name in ("completed_at", "completed"):
            text = single.get(name, "").strip()
            done = is_done(text)
            if done is None:
                return self._order.to_iso(text)
            if done:
                return now
        is_complete = is_done(self._status(single)) or single.get("percent", "").strip() in ("100", "100%")
        return now if is_complete else ""

    def _status(self, single: dict[str, str]) -> str:
        status = single.get("status", "").strip()
        return TICKTICK_STATUS.get(status, status) if self._is_ticktick else status

    def _left_out(self, single: dict[str, str], cells: list[str]) -> tuple[str, ...]:
        entries: list[str] = []
        due_on = single.get("due_on", "").strip()
        for index, kind in self._columns.unsupported.items():
            text = _cell(cells, index).strip()
            if text.casefold() not in EMPTY_VALUES and not (kind == "start" and text == due_on):
                entries += left_out(kind, text)
        if is_other_status(status := self._status(single)):
            entries += left_out("status", status)
        return tuple(entries)


def _cell(cells: list[str], index: int) -> str:
    return cells[index] if index < len(cells) else ""


def _escape_formula(text: str) -> str:
    return f"'{text}" if FORMULA.match(text) else text


def _unescape_formula(text: str) -> str:
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


class _Echo:
    """A file whose `write` returns the text."""

    def write(self, text: str) -> str:
        return text
