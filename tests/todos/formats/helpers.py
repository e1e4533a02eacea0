"""Files of each format, as they are in memory."""

import io

from hypothesis import HealthCheck, settings

from todos.formats import FORMATS, BadRow, Row

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For what takes as long as the machine does."""


def read(name: str, content: str | bytes) -> list[Row | BadRow]:
    """What a file of this format, with this content, is read as."""
    raw = content.encode() if isinstance(content, str) else content
    return list(FORMATS[name].read(io.BytesIO(raw)))


def written(name: str, rows: list[Row]) -> bytes:
    return b"".join(FORMATS[name].write(rows))


def titles(rows: list[Row | BadRow]) -> list[str]:
    """Of rows of which none is bad."""
    assert [row for row in rows if isinstance(row, BadRow)] == []
    return [row.title for row in rows if isinstance(row, Row)]


class Endless(io.RawIOBase):
    """A file that begins with one text, and then repeats another one for ever."""

    def __init__(self, beginning: str, repeated: str) -> None:
        self.waiting = beginning.encode()
        self.repeated = repeated.encode()

    def read(self, size: int = -1) -> bytes:
        while len(self.waiting) < size:
            self.waiting += self.repeated * (size // len(self.repeated) + 1)
        piece, self.waiting = self.waiting[:size], self.waiting[size:]
        return piece
