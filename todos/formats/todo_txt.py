"""todo.txt: one to-do per line, as specified at github.com/todotxt/todo.txt.

    (A) 2026-11-20 Call Mom @phone
    x 2026-11-24 2026-11-20 Pay rent due:2026-12-01

The format has dates without times, and no notes. A priority, +project and @context stay part of the title, so they
survive a round trip.

A creation date is always written, so that the start of a title is never read as a completion mark or a date. The last
due date of a line counts: "due:none" is written after a title that contains a due date if the to-do itself has none.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import BinaryIO

from django.utils import timezone

from todos.formats.parsing.dates import parse_due, parse_time
from todos.formats.parsing.rows import MAX_LENGTH, NO_TITLE, TOO_LONG, BadRow, InvalidValue, Row
from todos.formats.parsing.text import read_lines

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
DONE = re.compile("x ")
PRIORITY = re.compile(r"\([A-Z]\) ")
DATE = re.compile(f"{_DATE} ")
NOT_DUE = "none"
DUE = re.compile(rf"(?:^| )due:({_DATE}(?:T[0-9]{{2}}:[0-9]{{2}}[^ ]*)?|{NOT_DUE})(?= |$)")


def write(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield f"{_line(row)}{_due(row)}\n"


def read(file: BinaryIO) -> Iterator[Row | BadRow]:
    for number, text in enumerate(read_lines(file), start=1):
        if text.strip():
            try:
                yield _row(text, number)
            except InvalidValue as error:
                yield BadRow(number, str(error))


def _line(row: Row) -> str:
    created = _day(row.created_at or timezone.now())
    if row.completed_at:
        return f"x {_day(row.completed_at)} {created} {row.title}"
    priority, title = _split(PRIORITY, row.title)
    return f"{priority}{created} {title}"


def _due(row: Row) -> str:
    if row.due_on:
        return f" due:{row.due_on}"
    return f" due:{NOT_DUE}" if DUE.search(row.title) else ""


def _day(value: datetime) -> date:
    return timezone.localtime(value).date()


def _row(text: str, number: int) -> Row:
    if len(text) > MAX_LENGTH:
        raise InvalidValue(TOO_LONG)
    done, rest = _split(DONE, text.strip())
    priority, rest = _split(PRIORITY, rest)
    completed, rest = _split(DATE, rest) if done else ("", rest)
    created, rest = _split(DATE, rest)
    rest, due_text = _split_due(rest)
    if not rest.strip():
        raise InvalidValue(NO_TITLE)
    due = parse_due(due_text) if due_text not in ("", NOT_DUE) else None
    return Row(
        title=f"{priority}{rest}".strip(),
        due_on=due.day if due else None,
        completed_at=(parse_time(completed) if completed else timezone.now()) if done else None,
        created_at=parse_time(created) if created else None,
        line=number,
        left_out=due.left_out if due else (),
    )


def _split(pattern: re.Pattern[str], text: str) -> tuple[str, str]:
    """Return the match at the start of the text, or an empty string, and the rest."""
    end = match.end() if (match := pattern.match(text)) else 0
    return text[:end], text[end:]


def _split_due(text: str) -> tuple[str, str]:
    """Return the text without its last due date, and this date or an empty string."""
    *_, match = [None, *DUE.finditer(text)]
    return (text[: match.start()] + text[match.end() :], match[1]) if match else (text, "")
