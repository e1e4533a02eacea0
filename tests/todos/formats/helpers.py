"""Helpers to read and write files of each format in memory."""

import io
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import HealthCheck, settings

from todos.formats import FORMATS, BadRow, Remark, Row, detect_format

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
"""A Wednesday: the current time of tests that freeze it."""

CASES = Path(__file__).parent / "cases"
"""Files as other programs write them."""

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Settings without time limits, for slow machines."""

Entry = Row | BadRow | Remark


def read(format_name: str, content: str | bytes) -> list[Entry]:
    """Read a file of this format with this content."""
    raw = content.encode() if isinstance(content, str) else content
    return list(FORMATS[format_name].read(io.BytesIO(raw)))


def read_case(file_name: str) -> list[Entry]:
    """Read a file of the directory `cases` in the format that is detected."""
    raw = (CASES / file_name).read_bytes()
    format = detect_format(file_name, raw)
    assert format
    return read(format.name, raw)


def write(format_name: str, rows: list[Row]) -> bytes:
    return b"".join(FORMATS[format_name].write(rows))


def rows(entries: list[Entry]) -> list[Row]:
    return [entry for entry in entries if isinstance(entry, Row)]


def remarks(entries: list[Entry]) -> list[tuple[int, str]]:
    """Return the line and text of each remark."""
    return [(entry.line, entry.text) for entry in entries if isinstance(entry, Remark)]


def titles(entries: list[Entry]) -> list[str]:
    """Return the titles of rows, and assert that no row is bad."""
    assert [entry for entry in entries if isinstance(entry, BadRow)] == []
    return [row.title for row in rows(entries)]


def calendar(*todos: str) -> str:
    """Return an iCalendar file of to-dos with these properties."""
    return "\r\n".join(["BEGIN:VCALENDAR", *(f"BEGIN:VTODO\r\n{todo}\r\nEND:VTODO" for todo in todos), "END:VCALENDAR"])


class EndlessFile(io.RawIOBase):
    """A file that begins with one text and then repeats another one endlessly."""

    def __init__(self, beginning: str, repeated: str) -> None:
        self.unread = beginning.encode()
        self.repeated = repeated.encode()

    def read(self, size: int = -1) -> bytes:
        while len(self.unread) < size:
            self.unread += self.repeated * (size // len(self.repeated) + 1)
        block, self.unread = self.unread[:size], self.unread[size:]
        return block
