"""todo.txt: one to-do per line, as specified at github.com/todotxt/todo.txt.

    (A) 2026-11-20 Call Mom @phone
    x 2026-11-24 2026-11-20 Pay rent due:2026-12-01

The format has dates without times, and no notes. A priority, +project and @context stay part of the title, so they
survive a round trip.

A creation date is always written, so that the start of a title is never read as a mark. The last due date of a line
counts: "due:none" is written after a title that contains a due date if the to-do itself has none.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import BinaryIO

from django.utils import timezone

from todos.formats.parsing.dates import due, moment
from todos.formats.parsing.rows import MAX_LENGTH, NO_TITLE, TOO_LONG, BadRow, InvalidValue, Row
from todos.formats.parsing.text import lines

_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
DONE = re.compile("x ")
PRIORITY = re.compile(r"\([A-Z]\) ")
DATE = re.compile(f"{_DATE} ")
NOT_DUE = "none"
DUE = re.compile(rf"(?:^| )due:({_DATE}(?:T[0-9]{{2}}:[0-9]{{2}}[^ ]*)?|{NOT_DUE})(?= |$)")


def write(rows: Iterable[Row]) -> Iterator[str]:
    for row in rows:
        yield f"{_marked(row)}{_due(row)}\n"


def read(file: BinaryIO) -> Iterator[Row | BadRow]:
    for number, text in enumerate(lines(file), start=1):
        if text.strip():
            try:
                yield _row(text, number)
            except InvalidValue as error:
                yield BadRow(number, str(error))


def _marked(row: Row) -> str:
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
    rest, text = _without_due(rest)
    if not rest.strip():
        raise InvalidValue(NO_TITLE)
    found = due(text) if text not in ("", NOT_DUE) else None
    return Row(
        title=f"{priority}{rest}".strip(),
        due_on=found.day if found else None,
        completed_at=(moment(completed) if completed else timezone.now()) if done else None,
        created_at=moment(created) if created else None,
        line=number,
        left_out=found.left_out if found else (),
    )


def _split(mark: re.Pattern[str], text: str) -> tuple[str, str]:
    """Return the mark at the start of the text, or an empty string, and the rest."""
    end = found.end() if (found := mark.match(text)) else 0
    return text[:end], text[end:]


def _without_due(text: str) -> tuple[str, str]:
    """Return the text without its last due date, and this date or an empty string."""
    *_, found = [None, *DUE.finditer(text)]
    return (text[: found.start()] + text[found.end() :], found[1]) if found else (text, "")
