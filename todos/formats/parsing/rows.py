"""Rows read from or written to a file, and the errors and remarks of reading, independent of the file's format."""

from dataclasses import dataclass
from datetime import date, datetime

MAX_LENGTH = 100_000
"""Maximum characters of one line, cell or to-do: several times the longest notes, and little memory."""

MAX_QUOTE_LENGTH = 40


@dataclass(frozen=True)
class Row:
    """A to-do in a file."""

    title: str
    notes: str = ""
    due_on: date | None = None
    completed_at: datetime | None = None
    """Aware time. It is the time of reading if the file says that the to-do is completed but not when."""

    created_at: datetime | None = None
    """Aware time, or None if the file has no creation time."""

    uid: str = ""
    """Identifies the to-do in later imports. Printable, at most 255 characters, empty if the file has none."""

    line: int = 0
    """The number of the first line of the row, from 1. 0 in rows to be written."""

    left_out: tuple[str, ...] = ()
    """Descriptions of values that Headway has no field for, such as "tags “home”"."""


@dataclass(frozen=True)
class BadRow:
    """A row that can't be read as a to-do."""

    line: int
    reason: str
    """A sentence, shown on pages and in the API."""


@dataclass(frozen=True)
class Remark:
    """A note about valid content that is not imported, or about how the file was interpreted."""

    line: int
    """0 if the remark is about the whole file."""

    text: str
    """A sentence, shown on pages and in the API."""


class InvalidValue(ValueError):
    """A row can't be read. The message is shown to users."""


class UnreadableFile(Exception):
    """The file as a whole can't be read. The message, shown to users, says what is wrong, where, and how to fix it."""


def quoted(text: str) -> str:
    """Return the text in quotation marks, shortened, with unprintable characters replaced."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text[:MAX_QUOTE_LENGTH])
    return f"“{shown}…”" if len(text) > MAX_QUOTE_LENGTH else f"“{shown}”"


def left_out(kind: str, value: str) -> tuple[str, ...]:
    """Return the entry of Row.left_out for a value of this kind, or none if the value is empty."""
    words = " ".join(value.split())
    return (f"{kind} {quoted(words)}",) if words else ()


NO_TITLE = "The title is missing. Enter a title."
TOO_LONG = f"This is longer than {MAX_LENGTH:,} characters. Shorten it or remove it."
EMPTY = "This file is empty. Choose another file."
