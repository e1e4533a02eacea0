"""The records of a CSV file (RFC 4180), each with the line it begins in. What the columns mean it doesn't know.

A record ends with its line, unless a quote is open. One that never closes would take in the rest of the file, so it may
not take in more than the longest record has.
"""

import csv
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO

from todos.formats.rows import LONGEST, TOO_LONG, BadRow, Unreadable, Wrong
from todos.formats.text import lines

DELIMITERS = (",", ";", "\t")

Record = tuple[int, list[str]]


def records(file: BinaryIO) -> Iterator[Record | BadRow]:
    """Those that aren't empty, of which the first has the headers. Raises Unreadable."""
    source = _Lines(file)
    reader = csv.reader(source, delimiter=source.delimiter)
    width = 0
    while record := _next(reader, source):
        if isinstance(record, BadRow):
            yield record
        elif any(map(str.strip, record[1])):
            width = width or len(record[1])
            yield _within(width, *record)


def _next(reader: Iterator[list[str]], source: "_Lines") -> Record | BadRow | None:
    source.begin()
    try:
        cells = next(reader, None)
    except Wrong as wrong:
        return BadRow(source.first, str(wrong))
    if source.is_open:
        raise _open_quote(source.first)
    return None if cells is None else (source.first, cells)


def _within(width: int, line: int, cells: list[str]) -> Record | BadRow:
    """The record, unless it goes beyond the columns: then a comma in a text has cut it in two."""
    if any(cells[width:]):
        return BadRow(line, f"There are {len(cells)} cells, and {width} columns. Put texts with commas into quotes.")
    return line, cells[:width]


class _Lines:
    """The lines as csv takes them, one after the other until a record is whole."""

    def __init__(self, file: BinaryIO) -> None:
        numbered = enumerate(lines(file), start=1)
        headers = next((line for line in numbered if line[1].strip()), (1, ""))
        self.delimiter = max(DELIMITERS, key=headers[1].count)
        self.numbered = chain([headers], numbered)
        self.begin()

    def begin(self) -> None:
        """A new record."""
        self.first = self.length = 0
        self.is_open = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        try:
            number, text = next(self.numbered)
        except StopIteration:
            self.is_open = self.first > 0  # the record asks for more, and there is none
            raise
        self.length += len(text) + 1
        if self.length > LONGEST:
            self._refuse(number)
        self.first = self.first or number
        return f"{text}\n"

    def _refuse(self, number: int) -> None:
        if self.first:
            raise _open_quote(self.first)
        self.first = number
        raise Wrong(TOO_LONG)


def _open_quote(line: int) -> Unreadable:
    return Unreadable(
        f"A quote opens in the row that begins in line {line}, and isn't closed within {LONGEST} characters. "
        "Close it, and import the file again."
    )
