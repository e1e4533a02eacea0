"""todo.txt: one to-do a line, by the rules at github.com/todotxt/todo.txt.

    (A) 2026-11-20 Call Mom @phone
    x 2026-11-24 2026-11-20 Pay rent due:2026-12-01

It has days and no times, and no notes: those aren't written. A priority, +project and @context are part of the title,
so that they come back as they were.

A creation date is always written, since nothing after it is taken for a mark. The due date is the last one in the line:
after a title that has one in its words, and isn't due, "due:none" is written.
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
            except InvalidValue as wrong:
                yield BadRow(number, str(wrong))


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


def _split(mark: re.Pattern, text: str) -> tuple[str, str]:
    """The mark that the text begins with, or nothing, and the rest."""
    end = found.end() if (found := mark.match(text)) else 0
    return text[:end], text[end:]


def _without_due(text: str) -> tuple[str, str]:
    """The text without its last due date, and that."""
    *_, found = [None, *DUE.finditer(text)]
    return (text[: found.start()] + text[found.end() :], found[1]) if found else (text, "")
