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
from todos.formats.parsing.dates import Due, is_zero_time, local_due, to_utc
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
from todos.formats.parsing.text import decoding_error, read_lines
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
"""Whether a to-do is imported as completed, by STATUS. Cancelled to-dos are."""

OTHER_COMPONENTS = {"VEVENT": ("event", "events"), "VJOURNAL": ("journal entry", "journal entries")}
"""Components that are counted in a remark, in singular and plural."""

T = TypeVar("T")


def write(rows: Iterable[Row]) -> Iterator[str]:
    yield HEADER
    now = timezone.now()
    for row in rows:
        yield "".join(map(_fold, _properties(row, now)))
    yield FOOTER


def read(file: BinaryIO) -> Iterator[Row | BadRow | Remark]:
    todo: _Todo | None = None
    todos = 0
    others: Counter[str] = Counter()
    for number, line in _calendar_lines(file):
        boundary = line[:BOUNDARY_LENGTH].strip().upper()
        if boundary == "BEGIN:VTODO":
            if todo:
                yield todo.incomplete()
            todo = _Todo(number)
            todos += 1
        elif todo and boundary == "END:VTODO":
            yield todo.row()
            todo = None
        elif todo:
            todo.add_line(number, line)
        elif (component := boundary.removeprefix("BEGIN:")) in OTHER_COMPONENTS and component != boundary:
            others[component] += 1
    if todo:
        yield todo.incomplete()
    yield from _others(others, todos)


def _others(others: Counter[str], todos: int) -> Iterator[Remark]:
    """Yield remarks about components other than to-dos."""
    for component, (singular, plural) in OTHER_COMPONENTS.items():
        if count := others[component]:
            subject = f"1 {singular} was" if count == 1 else f"{count} {plural} were"
            yield Remark(0, f"{subject} left out: only to-dos are imported.")
    if others and not todos:
        yield Remark(0, "This calendar has no to-dos. Export the task list, which is often a separate calendar.")


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

    def add_line(self, number: int, line: str) -> None:
        name = line.partition(":")[0].partition(";")[0].strip().upper()
        if name == "BEGIN":
            self.depth += 1
            if self.depth == 1 and line.upper().endswith("VALARM"):
                self.unsupported["reminder"] = [""]
        elif name == "END":
            self.depth = max(0, self.depth - 1)
        elif not self.depth and name in READ and name not in self.values:
            self._add_property(name, number, line)
        elif not self.depth and name in UNSUPPORTED:
            self._add_unsupported(name, line)

    def row(self) -> Row | BadRow | Remark:
        if "RECURRENCE-ID" in self.values:
            title = quoted(self.values.get("SUMMARY", ""))
            return Remark(self.line, f"One occurrence of a repeating to-do was left out: {title}.")
        try:
            return self._row()
        except InvalidValue as error:
            return BadRow(self.line, str(error))

    def incomplete(self) -> BadRow:
        return BadRow(self.line, "The end of this to-do is missing. Export the calendar again.")

    def _add_property(self, name: str, number: int, line: str) -> None:
        if len(line) > MAX_LENGTH:
            self.error = InvalidValue(TOO_LONG)
            return
        try:
            _, self.params[name], value = _parse_line(line, number)
        except ValueError:
            self.error = InvalidValue(
                f"Line {number}, {name}, is not valid iCalendar. Correct it or export the calendar again."
            )
        else:
            self.values[name] = "" if name in TIMES and is_zero_time(value.strip()) else value

    def _add_unsupported(self, name: str, line: str) -> None:
        """Keep the start of an unsupported value for the report."""
        kind, value = UNSUPPORTED[name], line[:MAX_LENGTH].partition(":")[2]
        if name == "RELATED-TO":
            value = ""  # an id, which means nothing to users
            kind = next(
                (RELATIONS[type] for type in RELATIONS if f"RELTYPE={type}" in line[:MAX_REPORTED_LENGTH].upper()), kind
            )
        elif name == "ATTACH":
            value = ""  # often the content of the file
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
            completed_at=(self._time("COMPLETED") or timezone.now()) if self._is_done() else None,
            created_at=self._time("CREATED"),
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
        """Return the value of DUE, or else the sum of DTSTART and DURATION. Raise InvalidValue."""
        if self.values.get("DUE") or not (duration := self.values.get("DURATION")):
            return self._parse("DUE", local_due)
        return self._parse("DTSTART", lambda start: local_due(start + _duration(duration, start)))

    def _time(self, name: str) -> datetime | None:
        """Return the time of a property in UTC. Without a TZID it is in the current time zone. Raise InvalidValue."""
        zone = get_time_zone(self.params[name].get("TZID", "")) if name in self.params else None
        with timezone.override(zone or timezone.get_current_timezone()):
            return self._parse(name, to_utc)

    def _left_out(self, due: Due | None) -> tuple[str, ...]:
        entries: list[str] = list(due.left_out) if due else []
        for kind, values in self.unsupported.items():
            entries += left_out(kind, ", ".join(values)) or (kind,)
        if not self._starts_when_due(due):
            entries += left_out("start", self.values.get("DTSTART", ""))
        if self.values.get("DURATION") and not self.values.get("DTSTART"):
            entries += left_out("duration", self.values["DURATION"])
        if self._status() not in ("", "COMPLETED", "NEEDS-ACTION"):
            entries += left_out("status", self.values["STATUS"])
        if (percent := self.values.get("PERCENT-COMPLETE", "").strip()) not in ("", "0", "100"):
            entries += left_out("progress", f"{percent} %")
        return tuple(entries)

    def _starts_when_due(self, due: Due | None) -> bool:
        """Return whether DTSTART equals the due date. An invalid DTSTART is reported and not an error."""
        try:
            return self._parse("DTSTART", local_due) in (due, due and Due(due.day))
        except InvalidValue:
            return False

    def _parse(self, name: str, convert: Callable[[date], T]) -> T | None:
        """Parse the date or time of a property and convert it. Return None if it is missing. Raise InvalidValue.

        The time zone of DUE is ignored, because the date is already in that zone.
        """
        if not (text := self.values.get(name)):
            return None
        for parse in (vDDDTypes.from_ical, date.fromisoformat, datetime.fromisoformat):
            try:
                if isinstance(value := parse(text), date):
                    return convert(value)
            except InvalidValue:
                raise
            except (ValueError, OverflowError):
                continue
        raise InvalidValue(
            f"{quoted(text)} is not a valid time for {name}. Write it like 20300131 or 20300131T090000Z."
        )


def _duration(text: str, start: date) -> timedelta:
    """Parse a duration. Raise InvalidValue."""
    try:
        duration = vDDDTypes.from_ical(text)
    except (ValueError, OverflowError):
        duration = None
    if not isinstance(duration, timedelta):
        raise InvalidValue(f"{quoted(text)} is not a valid DURATION. Write it like P2D or PT1H.")
    return duration


def _parse_line(line: str, number: int) -> tuple[str, Parameters, str]:
    """Return name, parameters and value of a line. Raise ValueError, and UnreadableFile if it is not UTF-8."""
    name, params, value = Contentline(quoted_printable.add_parameter_name(_join_characters(line, number))).parts()
    return name, params, quoted_printable.decode(value, params)


def _calendar_lines(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Return the unfolded lines, each with its first line number. Raise UnreadableFile if it is not a calendar."""
    numbered = _unfold(file)
    first = next(numbered, None)
    if first is None:
        raise UnreadableFile(EMPTY)
    if first[1].strip().upper() != "BEGIN:VCALENDAR":
        raise UnreadableFile(f"Line {first[0]} must be BEGIN:VCALENDAR. Choose a file that was exported as iCalendar.")
    return numbered


def _unfold(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Unfold lines (section 3.1). A line longer than MAX_LENGTH is truncated, but stays longer than MAX_LENGTH.

    Some programs fold within a multi-byte character, so undecodable bytes are kept, and joined by `_join_characters`.
    """
    start, length = 1, 0
    parts: list[str] = []
    for number, text in enumerate(read_lines(file, errors="surrogateescape"), start=1):
        is_continued = quoted_printable.is_continued(parts)
        is_folded = is_continued or text.startswith((" ", "\t"))
        if not is_folded:
            if length:
                yield start, "".join(parts)
            start, length, parts = number, 0, []
        if is_continued:
            parts[-1] = parts[-1][:-1]
        if length <= MAX_LENGTH and (part := text if is_continued else text[is_folded:]):
            parts.append(part)
            length += len(part)
    if length:
        yield start, "".join(parts)


def _join_characters(line: str, number: int) -> str:
    """Return the line with split multi-byte characters joined. Raise UnreadableFile."""
    try:
        return line if line.isascii() else line.encode("utf-8", "surrogateescape").decode()
    except UnicodeDecodeError:
        raise decoding_error(number) from None


def _properties(row: Row, now: datetime) -> Iterator[str]:
    yield "BEGIN:VTODO"
    yield f"UID:{_escape(row.uid or str(uuid4()))}"
    yield f"DTSTAMP:{_format_utc(now)}"
    yield f"SUMMARY:{_escape(row.title)}"
    if row.notes:
        yield f"DESCRIPTION:{_escape(row.notes)}"
    if row.due_on:
        yield f"DUE;VALUE=DATE:{vDate(row.due_on).to_ical().decode()}"
    if row.created_at:
        yield f"CREATED:{_format_utc(row.created_at)}"
    if row.completed_at:
        yield f"COMPLETED:{_format_utc(row.completed_at)}"
    yield f"STATUS:{'COMPLETED' if row.completed_at else 'NEEDS-ACTION'}"
    yield "END:VTODO"


def _fold(line: str) -> str:
    folded: bytes = Contentline(line).to_ical()
    return f"{folded.decode()}\r\n"


def _format_utc(value: datetime) -> str:
    encoded: bytes = vDatetime(value.astimezone(UTC)).to_ical()
    return encoded.decode()


def _escape(text: str) -> str:
    r"""Escape TEXT (section 3.3.11). The library's own function would convert a literal \N into a line break."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # a bare CR would end the line and start a new property
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
