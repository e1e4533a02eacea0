"""Records of a CSV file (RFC 4180) with their line numbers, independent of the meaning of columns.

Some programs write a heading above the column names, or "sep=;" to name the delimiter.

A quoted cell may span lines. Without a limit, a record with an unclosed quote would extend to the end of the file.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, dropwhile, islice
from typing import BinaryIO

from todos.formats.parsing.rows import MAX_LENGTH, TOO_LONG, BadRow, InvalidValue, UnreadableFile
from todos.formats.parsing.text import read_lines

DELIMITERS = (",", ";", "\t")

SEPARATOR = re.compile(r'"?sep=(?P<delimiter>[,;\t|])"?', re.IGNORECASE)
MAX_LINES_BEFORE = 20
"""The number of first lines that are searched for the column names."""

Record = tuple[int, list[str]]


class Table:
    """The non-empty records of a file. The first record names the columns. Iterating raises UnreadableFile."""

    def __init__(self, file: BinaryIO, known_columns: Callable[[list[str]], int]) -> None:
        """`known_columns` returns how many cells of a record name a column, 0 if these can't be the columns."""
        self._source = _Lines(file, known_columns)
        self.delimiter = self._source.delimiter
        self.lines_before = self._source.lines_before
        """The numbers of the first and last line above the column names, if any."""

    def __iter__(self) -> Iterator[Record | BadRow]:
        reader = csv.reader(self._source, delimiter=self.delimiter)
        width = 0
        while record := _read_record(reader, self._source):
            if isinstance(record, BadRow):
                yield record
            elif any(map(str.strip, record[1])):
                width = width or len(record[1])
                yield _check_width(width, *record)


def _read_record(reader: Iterator[list[str]], source: "_Lines") -> Record | BadRow | None:
    source.start_record()
    try:
        cells = next(reader, None)
    except InvalidValue as error:
        return BadRow(source.first_line, str(error))
    if source.is_unclosed:
        raise _unclosed_quote(source.first_line)
    return None if cells is None else (source.first_line, cells)


def _check_width(width: int, line: int, cells: list[str]) -> Record | BadRow:
    """Return a BadRow if the record has more cells than columns, as after a comma in an unquoted text."""
    if any(cells[width:]):
        remedy = "Put text that contains commas in quotes."
        return BadRow(line, f"This row has {len(cells)} cells, but there are only {width} columns. {remedy}")
    return line, cells[:width]


class _Lines:
    """Iterator of lines for `csv.reader`, which limits the length of a record."""

    def __init__(self, file: BinaryIO, known_columns: Callable[[list[str]], int]) -> None:
        numbered = dropwhile(_is_blank, enumerate(read_lines(file), start=1))
        first = list(islice(numbered, MAX_LINES_BEFORE))
        separator = first and SEPARATOR.fullmatch(first[0][1].strip())
        if separator:
            first = list(dropwhile(_is_blank, first[1:]))
        self.delimiter, start = _find_columns(first, separator["delimiter"] if separator else DELIMITERS, known_columns)
        before = [line[0] for line in first[:start] if not _is_blank(line)]
        self.lines_before = (before[0], before[-1]) if before else None
        self.numbered = chain(first[start:], numbered)
        self.start_record()

    def start_record(self) -> None:
        self.first_line = self.length = 0
        self.is_unclosed = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        try:
            number, text = next(self.numbered)
        except StopIteration:
            self.is_unclosed = self.first_line > 0  # csv.reader requests another line only within a quote
            raise
        self.length += len(text) + 1
        if self.length > MAX_LENGTH:
            self._raise_too_long(number)
        self.first_line = self.first_line or number
        return f"{text}\n"

    def _raise_too_long(self, number: int) -> None:
        if self.first_line:
            raise _unclosed_quote(self.first_line)
        self.first_line = number
        raise InvalidValue(TOO_LONG)


def _is_blank(line: tuple[int, str]) -> bool:
    return not line[1].strip()


def _find_columns(
    first: list[tuple[int, str]], delimiters: Iterable[str], known_columns: Callable[[list[str]], int]
) -> tuple[str, int]:
    """Return the delimiter, and the index of the line with the column names, by default 0."""
    for index, (_, text) in enumerate(first):
        for delimiter in sorted(delimiters, key=text.count, reverse=True):
            known = known_columns(next(csv.reader([text], delimiter=delimiter), []))
            if known > (index > 0):  # below the first line, a single match may be a to-do
                return delimiter, index
    return max(delimiters, key=first[0][1].count if first else len), 0


def _unclosed_quote(line: int) -> UnreadableFile:
    return UnreadableFile(
        f"The row that starts on line {line} has an opening quote without a closing quote within {MAX_LENGTH:,} "
        "characters. Add the closing quote and import the file again."
    )
