"""iCalendar (RFC 5545): a calendar with a VTODO for each to-do.

The file is cut into lines and to-dos here, so that it may be of any length, and a broken to-do spoils no other. What a
line and its value mean is left to the icalendar library. Of a to-do only those properties are looked at that we have:
a subtask is a to-do like others, alarms are left out, and how it repeats is never worked out.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import BinaryIO, TypeVar
from uuid import uuid4

from django.utils import timezone
from icalendar import vDate, vDatetime, vDDDTypes
from icalendar.parser import Contentline

from todos.formats.dates import aware, day_seen
from todos.formats.fields import known_uid
from todos.formats.rows import EMPTY, LONGEST, NO_TITLE, TOO_LONG, BadRow, Row, Unreadable, Wrong, quoted
from todos.formats.text import lines, not_text

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Headway//To-dos//EN\r\n"
FOOT = "END:VCALENDAR\r\n"
WANTED = {"SUMMARY", "DESCRIPTION", "DUE", "COMPLETED", "STATUS", "PERCENT-COMPLETE", "CREATED", "UID"}
IS_DONE = {"COMPLETED": True, "CANCELLED": True, "NEEDS-ACTION": False, "IN-PROCESS": False}
"""By STATUS. What was called off needs no doing either."""

T = TypeVar("T")


def write(rows: Iterable[Row]) -> Iterator[str]:
    yield HEAD
    now = timezone.now()
    for row in rows:
        yield "".join(map(_folded, _properties(row, now)))
    yield FOOT


def read(file: BinaryIO) -> Iterator[Row | BadRow]:
    todo: _Todo | None = None
    for number, line in _calendar(file):
        mark = line[: len("BEGIN:VTODO") + 1].strip().upper()
        if mark == "BEGIN:VTODO":
            if todo:
                yield todo.cut_off()
            todo = _Todo(number)
        elif todo and mark == "END:VTODO":
            yield todo.row()
            todo = None
        elif todo:
            todo.take(number, line)
    if todo:
        yield todo.cut_off()


class _Todo:
    """What was read of a to-do so far: the first of each property that is wanted."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.inside = 0
        """Of how many of its parts, like alarms."""

        self.values: dict[str, str] = {}
        self.wrong: Wrong | None = None

    def take(self, number: int, line: str) -> None:
        name = line.partition(":")[0].partition(";")[0].strip().upper()
        if name == "BEGIN":
            self.inside += 1
        elif name == "END":
            self.inside = max(0, self.inside - 1)
        elif not self.inside and name in WANTED and name not in self.values:
            self._keep(name, number, line)

    def row(self) -> Row | BadRow:
        try:
            return self._row()
        except Wrong as wrong:
            return BadRow(self.line, str(wrong))

    def cut_off(self) -> BadRow:
        return BadRow(self.line, "This to-do has no end. Export the calendar again.")

    def _keep(self, name: str, number: int, line: str) -> None:
        if len(line) > LONGEST:
            self.wrong = Wrong(TOO_LONG)
            return
        try:
            self.values[name] = Contentline(_mended(line, number)).parts()[2]
        except ValueError:
            self.wrong = Wrong(f"Line {number}, {name}, is not as iCalendar has it. Correct it, or export it again.")

    def _row(self) -> Row:
        if self.wrong:
            raise self.wrong
        if not self.values.get("SUMMARY", "").strip():
            raise Wrong(NO_TITLE)
        return Row(
            title=self.values["SUMMARY"],
            notes=self.values.get("DESCRIPTION", ""),
            due_on=self._read("DUE", day_seen),
            completed_at=(self._read("COMPLETED", aware) or timezone.now()) if self._is_done() else None,
            created_at=self._read("CREATED", aware),
            uid=known_uid(self.values.get("UID", "")),
            line=self.line,
        )

    def _is_done(self) -> bool:
        by_its_marks = "COMPLETED" in self.values or self.values.get("PERCENT-COMPLETE") == "100"
        return IS_DONE.get(self.values.get("STATUS", "").strip().upper(), by_its_marks)

    def _read(self, name: str, meaning: Callable[[date], T]) -> T | None:
        """What the time, or date, of this property means; None if there is none. Raises Wrong.

        Its zone doesn't matter: the day that a person sees there is the one that is written, and all but DUE is in UTC.
        """
        if not (text := self.values.get(name)):
            return None
        try:
            found = vDDDTypes.from_ical(text)
            if isinstance(found, date):
                return meaning(found)
        except (ValueError, OverflowError):
            pass
        raise Wrong(f"{quoted(text)} is no time for {name}. Write it like 20300131, or 20300131T090000Z.")


def _calendar(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """The lines of the calendar, unfolded, each with the number it begins at. Raises Unreadable if it is none."""
    found = _unfolded(file)
    first = next(found, None)
    if first is None:
        raise Unreadable(EMPTY)
    if first[1].strip().upper() != "BEGIN:VCALENDAR":
        raise Unreadable(f"Line {first[0]} should be BEGIN:VCALENDAR. Import what was exported as iCalendar.")
    return found


def _unfolded(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Lines with those that continue them (section 3.1); of one longer than LONGEST so much as shows that it is.

    Some programs fold within a character, so the bytes that are none by themselves are kept, and mended later.
    """
    begun, length = 1, 0
    parts: list[str] = []
    for number, text in enumerate(lines(file, errors="surrogateescape"), start=1):
        is_folded = text.startswith((" ", "\t"))
        if not is_folded:
            if length:
                yield begun, "".join(parts)
            begun, length, parts = number, 0, []
        if length <= LONGEST and (part := text[is_folded:]):
            parts.append(part)
            length += len(part)
    if length:
        yield begun, "".join(parts)


def _mended(line: str, number: int) -> str:
    """The line, with characters that were folded apart put together. Raises Unreadable."""
    try:
        return line if line.isascii() else line.encode("utf-8", "surrogateescape").decode()
    except UnicodeDecodeError:
        raise not_text(number) from None


def _properties(row: Row, now: datetime) -> Iterator[str]:
    yield "BEGIN:VTODO"
    yield f"UID:{_escaped(row.uid or str(uuid4()))}"
    yield f"DTSTAMP:{_utc(now)}"
    yield f"SUMMARY:{_escaped(row.title)}"
    if row.notes:
        yield f"DESCRIPTION:{_escaped(row.notes)}"
    if row.due_on:
        yield f"DUE;VALUE=DATE:{vDate(row.due_on).to_ical().decode()}"
    if row.created_at:
        yield f"CREATED:{_utc(row.created_at)}"
    if row.completed_at:
        yield f"COMPLETED:{_utc(row.completed_at)}"
    yield f"STATUS:{'COMPLETED' if row.completed_at else 'NEEDS-ACTION'}"
    yield "END:VTODO"


def _folded(line: str) -> str:
    return f"{Contentline(line).to_ical().decode()}\r\n"


def _utc(value: datetime) -> str:
    return vDatetime(value.astimezone(UTC)).to_ical().decode()


def _escaped(text: str) -> str:
    r"""As TEXT is written (section 3.3.11). The library's own way takes a \N in the text for the end of a line."""
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
