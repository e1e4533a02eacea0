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
    """The records, of which the first has the headers. Raises Unreadable."""
    source = _Lines(lines(file))
    reader = csv.reader(source, delimiter=source.delimiter)
    while True:
        source.begin()
        try:
            cells = next(reader, None)
        except Wrong as wrong:
            yield BadRow(source.first, str(wrong))
            continue
        if source.is_open:
            raise _open_quote(source.first)
        if cells is None:
            return
        yield source.first, cells


class _Lines:
    """The lines as csv takes them, one after the other until a record is whole."""

    def __init__(self, texts: Iterator[str]) -> None:
        first = next(texts, "")
        self.delimiter = max(DELIMITERS, key=first.count)
        self.numbered = enumerate(chain([first], texts), start=1)
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
