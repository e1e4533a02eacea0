"""Helpers to read and write files of each format in memory."""

import io

from hypothesis import HealthCheck, settings

from todos.formats import FORMATS, BadRow, Row

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Settings without time limits, for slow machines."""


def read(name: str, content: str | bytes) -> list[Row | BadRow]:
    """Read rows from a file of this format with this content."""
    raw = content.encode() if isinstance(content, str) else content
    return list(FORMATS[name].read(io.BytesIO(raw)))


def written(name: str, rows: list[Row]) -> bytes:
    return b"".join(FORMATS[name].write(rows))


def titles(rows: list[Row | BadRow]) -> list[str]:
    """Return the titles, and assert that no row is bad."""
    assert [row for row in rows if isinstance(row, BadRow)] == []
    return [row.title for row in rows if isinstance(row, Row)]


class Endless(io.RawIOBase):
    """A file that starts with one text and then repeats another one endlessly."""

    def __init__(self, beginning: str, repeated: str) -> None:
        self.waiting = beginning.encode()
        self.repeated = repeated.encode()

    def read(self, size: int = -1) -> bytes:
        while len(self.waiting) < size:
            self.waiting += self.repeated * (size // len(self.repeated) + 1)
        piece, self.waiting = self.waiting[:size], self.waiting[size:]
        return piece
