"""iCalendar (RFC 5545): a calendar with a VTODO for each to-do.

This module splits the file into lines and to-dos, so that files of any length can be streamed and an invalid to-do does
not affect others. The icalendar library parses lines and values. Subtasks become ordinary to-dos, and recurrence rules
are never expanded. Unsupported properties, events and single occurrences of a series are reported.

For this module, its predecessor vCalendar 1.0 differs only in QUOTED-PRINTABLE texts (see
`parsing/quoted_printable.py`).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import BinaryIO, TypeVar
from uuid import uuid4

from django.utils import timezone
from icalendar import vDate, vDatetime, vDDDTypes
from icalendar.parser import Contentline, Parameters

from todos.formats.parsing import quoted_printable
from todos.formats.parsing.dates import Due, aware, is_zero_time, local_due
from todos.formats.parsing.fields import storable_uid
from todos.formats.parsing.rows import (
    EMPTY,
    MAX_LENGTH,
    NO_TITLE,
    TOO_LONG,
    BadRow,
    InvalidValue,
    Remark,
    Row,
    UnreadableFile,
    left_out,
    quoted,
)
from todos.formats.parsing.text import lines, not_text
from todos.time_zones import get_time_zone

BOUNDARY_LENGTH = 40
"""Characters of a line that are compared with BEGIN and END of components."""

MAX_REPORTED_LENGTH = 200
"""Maximum characters of a value that is only reported."""

HEADER = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Headway//To-dos//EN\r\n"
FOOTER = "END:VCALENDAR\r\n"
TIMES = {"DUE", "DTSTART", "COMPLETED", "CREATED"}
READ = TIMES | {"SUMMARY", "DESCRIPTION", "DURATION", "RECURRENCE-ID", "STATUS", "PERCENT-COMPLETE", "UID"}
UNSUPPORTED = {
    "ATTACH": "attachment",
    "ATTENDEE": "attendee",
    "CATEGORIES": "tags",
    "COMMENT": "comment",
    "GEO": "place",
    "LOCATION": "place",
    "PRIORITY": "priority",
    "RDATE": "repeat",
    "RELATED-TO": "parent",
    "RRULE": "repeat",
    "URL": "link",
}
RELATIONS = {"CHILD": "subtask", "SIBLING": "related to-do"}
"""The kind of to-do that RELATED-TO refers to, by RELTYPE. The default is the parent."""

MAX_VALUES = 5
"""Maximum reported values of one kind per to-do."""

IS_DONE = {"COMPLETED": True, "CANCELLED": True, "NEEDS-ACTION": False, "IN-PROCESS": False}
"""By STATUS. Cancelled to-dos count as completed."""

OTHERS = {"VEVENT": ("event", "events"), "VJOURNAL": ("journal entry", "journal entries")}
"""Other components of a calendar, in singular and plural."""

T = TypeVar("T")


def write(rows: Iterable[Row]) -> Iterator[str]:
    yield HEADER
    now = timezone.now()
    for row in rows:
        yield "".join(map(_folded, _properties(row, now)))
    yield FOOTER


def read(file: BinaryIO) -> Iterator[Row | BadRow | Remark]:
    todo: _Todo | None = None
    todos = 0
    others: Counter[str] = Counter()
    for number, line in _calendar(file):
        mark = line[:BOUNDARY_LENGTH].strip().upper()
        if mark == "BEGIN:VTODO":
            if todo:
                yield todo.cut_off()
            todo = _Todo(number)
            todos += 1
        elif todo and mark == "END:VTODO":
            yield todo.row()
            todo = None
        elif todo:
            todo.take(number, line)
        elif (component := mark.removeprefix("BEGIN:")) in OTHERS and component != mark:
            others[component] += 1
    if todo:
        yield todo.cut_off()
    yield from _others(others, todos)


def _others(others: Counter[str], todos: int) -> Iterator[Remark]:
    """Yield remarks about components other than to-dos."""
    found = [(others[component], *names) for component, names in OTHERS.items() if others[component]]
    for number, one, several in found:
        counted = f"1 {one} was" if number == 1 else f"{number} {several} were"
        yield Remark(0, f"{counted} left out: only to-dos are imported.")
    if found and not todos:
        yield Remark(0, "There are no to-dos in this calendar. Export the list of tasks, which is often another one.")


class _Todo:
    """A to-do being read. The first of several properties with the same name is kept."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.depth = 0
        """Nesting depth of components within the to-do, such as alarms."""

        self.values: dict[str, str] = {}
        self.params: dict[str, Parameters] = {}
        self.unsupported: defaultdict[str, list[str]] = defaultdict(list)
        """Values that Headway has no field for, by kind."""

        self.error: InvalidValue | None = None

    def take(self, number: int, line: str) -> None:
        name = line.partition(":")[0].partition(";")[0].strip().upper()
        if name == "BEGIN":
            self.depth += 1
            if self.depth == 1 and line.upper().endswith("VALARM"):
                self.unsupported["reminder"] = [""]
        elif name == "END":
            self.depth = max(0, self.depth - 1)
        elif not self.depth and name in READ and name not in self.values:
            self._keep(name, number, line)
        elif not self.depth and name in UNSUPPORTED:
            self._note(name, line)

    def row(self) -> Row | BadRow | Remark:
        if "RECURRENCE-ID" in self.values:
            title = quoted(self.values.get("SUMMARY", ""))
            return Remark(self.line, f"One occurrence of a repeating to-do was left out: {title}.")
        try:
            return self._row()
        except InvalidValue as error:
            return BadRow(self.line, str(error))

    def cut_off(self) -> BadRow:
        return BadRow(self.line, "This to-do has no end. Export the calendar again.")

    def _keep(self, name: str, number: int, line: str) -> None:
        if len(line) > MAX_LENGTH:
            self.error = InvalidValue(TOO_LONG)
            return
        try:
            _, self.params[name], value = _parts(line, number)
        except ValueError:
            self.error = InvalidValue(f"Line {number}, {name}, is not valid iCalendar. Correct it, or export it again.")
        else:
            self.values[name] = "" if name in TIMES and is_zero_time(value.strip()) else value

    def _note(self, name: str, line: str) -> None:
        """Keep the start of an unsupported value for the report."""
        kind, value = UNSUPPORTED[name], line[:MAX_LENGTH].partition(":")[2]
        if name == "RELATED-TO":
            value = ""  # an id, which users don't know
            kind = next(
                (RELATIONS[type] for type in RELATIONS if f"RELTYPE={type}" in line[:MAX_REPORTED_LENGTH].upper()), kind
            )
        elif name == "ATTACH":
            value = ""  # often the file itself
        elif not value.strip() or (name, value.strip()) == ("PRIORITY", "0"):
            return
        if len(values := self.unsupported[kind]) < MAX_VALUES:
            values.append(value[:MAX_REPORTED_LENGTH].replace("\\", ""))

    def _row(self) -> Row:
        if self.error:
            raise self.error
        if not self.values.get("SUMMARY", "").strip():
            raise InvalidValue(NO_TITLE)
        due = self._due()
        return Row(
            title=self.values["SUMMARY"],
            notes=self.values.get("DESCRIPTION", ""),
            due_on=due.day if due else None,
            completed_at=(self._moment("COMPLETED") or timezone.now()) if self._is_done() else None,
            created_at=self._moment("CREATED"),
            uid=storable_uid(self.values.get("UID", "")),
            line=self.line,
            left_out=self._left_out(due),
        )

    def _status(self) -> str:
        return "-".join(self.values.get("STATUS", "").upper().split())

    def _is_done(self) -> bool:
        by_other_properties = bool(self.values.get("COMPLETED")) or self.values.get("PERCENT-COMPLETE") == "100"
        return IS_DONE.get(self._status(), by_other_properties)

    def _due(self) -> Due | None:
        """Return the value of DUE, or else the sum of DTSTART and DURATION. Raises InvalidValue."""
        if self.values.get("DUE") or not (duration := self.values.get("DURATION")):
            return self._read("DUE", local_due)
        return self._read("DTSTART", lambda start: local_due(start + _duration(duration, start)))

    def _moment(self, name: str) -> datetime | None:
        """Return the time of a property in UTC, read in its TZID or else the current zone. Raises InvalidValue."""
        zone = get_time_zone(self.params[name].get("TZID", "")) if name in self.params else None
        with timezone.override(zone or timezone.get_current_timezone()):
            return self._read(name, aware)

    def _left_out(self, due: Due | None) -> tuple[str, ...]:
        found: list[str] = list(due.left_out) if due else []
        for kind, values in self.unsupported.items():
            found += left_out(kind, ", ".join(values)) or (kind,)
        if not self._starts_when_due(due):
            found += left_out("start", self.values.get("DTSTART", ""))
        if self.values.get("DURATION") and not self.values.get("DTSTART"):
            found += left_out("duration", self.values["DURATION"])
        if self._status() not in ("", "COMPLETED", "NEEDS-ACTION"):
            found += left_out("status", self.values["STATUS"])
        if (percent := self.values.get("PERCENT-COMPLETE", "").strip()) not in ("", "0", "100"):
            found += left_out("progress", f"{percent} %")
        return tuple(found)

    def _starts_when_due(self, due: Due | None) -> bool:
        """Return whether DTSTART equals the due date. An invalid DTSTART is reported, not an error."""
        try:
            return self._read("DTSTART", local_due) in (due, due and Due(due.day))
        except InvalidValue:
            return False

    def _read(self, name: str, convert: Callable[[date], T]) -> T | None:
        """Parse the date or time of a property and convert it. Return None if it is missing. Raises InvalidValue.

        The time zone of DUE is ignored, since the date in that zone is the one that is written.
        """
        if not (text := self.values.get(name)):
            return None
        for parse in (vDDDTypes.from_ical, date.fromisoformat, datetime.fromisoformat):
            try:
                if isinstance(found := parse(text), date):
                    return convert(found)
            except InvalidValue:
                raise
            except (ValueError, OverflowError):
                continue
        raise InvalidValue(
            f"{quoted(text)} is not a valid time for {name}. Write it like 20300131, or 20300131T090000Z."
        )


def _duration(text: str, start: date) -> timedelta:
    """Parse a duration. Raises InvalidValue."""
    try:
        found = vDDDTypes.from_ical(text)
    except (ValueError, OverflowError):
        found = None
    if not isinstance(found, timedelta):
        raise InvalidValue(f"{quoted(text)} is not a valid DURATION. Write it like P2D, or PT1H.")
    return found


def _parts(line: str, number: int) -> tuple[str, Parameters, str]:
    """Return name, parameters and value of a line. Raises ValueError, and UnreadableFile if it is no text."""
    name, params, value = Contentline(quoted_printable.named(_join_characters(line, number))).parts()
    return name, params, quoted_printable.decoded(value, params)


def _calendar(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Return the unfolded lines, each with its first line number. Raises UnreadableFile if it is not a calendar."""
    found = _unfolded(file)
    first = next(found, None)
    if first is None:
        raise UnreadableFile(EMPTY)
    if first[1].strip().upper() != "BEGIN:VCALENDAR":
        raise UnreadableFile(f"Line {first[0]} should be BEGIN:VCALENDAR. Import what was exported as iCalendar.")
    return found


def _unfolded(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Unfold lines (section 3.1). A line longer than MAX_LENGTH is cut, but stays longer than MAX_LENGTH.

    Some programs fold within a multi-byte character, so undecodable bytes are kept, and joined by `_join_characters`.
    """
    begun, length = 1, 0
    parts: list[str] = []
    for number, text in enumerate(lines(file, errors="surrogateescape"), start=1):
        goes_on = quoted_printable.goes_on(parts)
        is_folded = goes_on or text.startswith((" ", "\t"))
        if not is_folded:
            if length:
                yield begun, "".join(parts)
            begun, length, parts = number, 0, []
        if goes_on:
            parts[-1] = parts[-1][:-1]
        if length <= MAX_LENGTH and (part := text if goes_on else text[is_folded:]):
            parts.append(part)
            length += len(part)
    if length:
        yield begun, "".join(parts)


def _join_characters(line: str, number: int) -> str:
    """Return the line with split multi-byte characters joined. Raises UnreadableFile."""
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
    folded: bytes = Contentline(line).to_ical()
    return f"{folded.decode()}\r\n"


def _utc(value: datetime) -> str:
    encoded: bytes = vDatetime(value.astimezone(UTC)).to_ical()
    return encoded.decode()


def _escaped(text: str) -> str:
    r"""Escape TEXT (section 3.3.11). The library's own function would convert a literal \N into a line break."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # a bare CR would end the line and start a new property
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
