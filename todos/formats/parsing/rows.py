"""A to-do as a file has it, and what may be wrong with a file.

This knows no format and no database. What a title or notes may be is judged by the form, when the rows are imported.
"""

from dataclasses import dataclass
from datetime import date, datetime

LONGEST = 100_000
"""Characters of one line, cell or to-do: several times what the longest notes need, and little to keep in memory."""

LONGEST_QUOTE = 40


@dataclass(frozen=True)
class Row:
    """One to-do, as a file has it."""

    title: str
    notes: str = ""
    due_on: date | None = None
    completed_at: datetime | None = None
    """Aware. Of what a file says is done, but not when, it is the moment of reading."""

    created_at: datetime | None = None
    """Aware; None if the file doesn't say."""

    uid: str = ""
    """By which it is known again; empty if the file has none. Printable, and of at most 255 characters."""

    line: int = 0
    """Where in the file it begins, from 1; 0 in what is written."""

    left_out: tuple[str, ...] = ()
    """What the file says of it and Headway has no field for, like "tags “home”"."""


@dataclass(frozen=True)
class BadRow:
    """What should be a to-do, and can't be read as one."""

    line: int
    reason: str
    """A sentence for people."""


@dataclass(frozen=True)
class Remark:
    """Something in the file that is not imported, without an error in it; or how the file was read."""

    line: int
    """0 if the remark is about the whole file."""

    text: str
    """A sentence for people."""


class Wrong(ValueError):
    """A row can't be read. Says why, in a sentence for people."""


class Unreadable(Exception):
    """The file as a whole can't be read. Says what is wrong, where, and what to do."""


def quoted(text: str) -> str:
    """A text from a file, fit to be shown in a sentence."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text[:LONGEST_QUOTE])
    return f"“{shown}…”" if len(text) > LONGEST_QUOTE else f"“{shown}”"


def left_out(kind: str, value: str) -> tuple[str, ...]:
    """Return the entry of Row.left_out for a value of this kind, or none if the value is empty."""
    words = " ".join(value.split())
    return (f"{kind} {quoted(words)}",) if words else ()


NO_TITLE = "There is no title. Write down what is to be done."
TOO_LONG = f"This is longer than {LONGEST} characters. Shorten it, or leave it out."
EMPTY = "There is nothing in this file. Choose another one."
