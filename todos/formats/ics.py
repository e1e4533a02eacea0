"""iCalendar (RFC 5545): a calendar with a VTODO for each to-do.

The file is cut into lines and to-dos here, so that it may be of any length, and a broken to-do spoils no other. What a
line and its value mean is left to the icalendar library. A subtask is a to-do like others, and how a to-do repeats is
never worked out. Properties that have no field here, events and single occurrences of a series are reported.

vCalendar 1.0, its predecessor, differs here by QUOTED-PRINTABLE texts alone (see `parsing/quoted_printable.py`).
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
from todos.formats.parsing.dates import Due, aware, is_zero_time, local_due, zone_named
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

MARK = 40
"""Characters of a line in which it can be seen where a component begins or ends."""

MAX_HEAD = 200
"""Characters of a value that are looked at where it is only reported."""

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Headway//To-dos//EN\r\n"
FOOT = "END:VCALENDAR\r\n"
TIMES = {"DUE", "DTSTART", "COMPLETED", "CREATED"}
WANTED = TIMES | {"SUMMARY", "DESCRIPTION", "DURATION", "RECURRENCE-ID", "STATUS", "PERCENT-COMPLETE", "UID"}
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
"""By RELTYPE, what RELATED-TO names, unless it is the parent."""

MAX_VALUES = 5
"""Values of one kind that are reported of a to-do."""

IS_DONE = {"COMPLETED": True, "CANCELLED": True, "NEEDS-ACTION": False, "IN-PROCESS": False}
"""By STATUS. What was called off needs no doing either."""

OTHERS = {"VEVENT": ("event", "events"), "VJOURNAL": ("journal entry", "journal entries")}
"""Components of a calendar that are no to-dos, for people."""

T = TypeVar("T")


def write(rows: Iterable[Row]) -> Iterator[str]:
    yield HEAD
    now = timezone.now()
    for row in rows:
        yield "".join(map(_folded, _properties(row, now)))
    yield FOOT


def read(file: BinaryIO) -> Iterator[Row | BadRow | Remark]:
    todo: _Todo | None = None
    todos = 0
    others: Counter[str] = Counter()
    for number, line in _calendar(file):
        mark = line[:MARK].strip().upper()
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
    """Yield the remarks about what a calendar has besides to-dos, or instead of them."""
    found = [(others[component], *names) for component, names in OTHERS.items() if others[component]]
    for number, one, several in found:
        counted = f"1 {one} was" if number == 1 else f"{number} {several} were"
        yield Remark(0, f"{counted} left out: only to-dos are imported.")
    if found and not todos:
        yield Remark(0, "There are no to-dos in this calendar. Export the list of tasks, which is often another one.")


class _Todo:
    """What was read of a to-do so far: the first of each property that is wanted."""

    def __init__(self, line: int) -> None:
        self.line = line
        self.inside = 0
        """Of how many of its parts, like alarms."""

        self.values: dict[str, str] = {}
        self.params: dict[str, Parameters] = {}
        self.unsupported: defaultdict[str, list[str]] = defaultdict(list)
        """By kind, the values that have no field here."""

        self.error: InvalidValue | None = None

    def take(self, number: int, line: str) -> None:
        name = line.partition(":")[0].partition(";")[0].strip().upper()
        if name == "BEGIN":
            self.inside += 1
            if self.inside == 1 and line.upper().endswith("VALARM"):
                self.unsupported["reminder"] = [""]
        elif name == "END":
            self.inside = max(0, self.inside - 1)
        elif not self.inside and name in WANTED and name not in self.values:
            self._keep(name, number, line)
        elif not self.inside and name in UNSUPPORTED:
            self._note(name, line)

    def row(self) -> Row | BadRow | Remark:
        if "RECURRENCE-ID" in self.values:
            title = quoted(self.values.get("SUMMARY", ""))
            return Remark(self.line, f"One occurrence of a repeating to-do was left out: {title}.")
        try:
            return self._row()
        except InvalidValue as wrong:
            return BadRow(self.line, str(wrong))

    def cut_off(self) -> BadRow:
        return BadRow(self.line, "This to-do has no end. Export the calendar again.")

    def _keep(self, name: str, number: int, line: str) -> None:
        if len(line) > MAX_LENGTH:
            self.error = InvalidValue(TOO_LONG)
            return
        try:
            _, self.params[name], value = _parts(line, number)
        except ValueError:
            self.error = InvalidValue(
                f"Line {number}, {name}, is not as iCalendar has it. Correct it, or export it again."
            )
        else:
            self.values[name] = "" if name in TIMES and is_zero_time(value.strip()) else value

    def _note(self, name: str, line: str) -> None:
        """Keep so much of a value that has no field here as can be reported."""
        kind, value = UNSUPPORTED[name], line[:MAX_LENGTH].partition(":")[2]
        if name == "RELATED-TO":
            value = ""  # an id, which means nothing to people
            kind = next((RELATIONS[type] for type in RELATIONS if f"RELTYPE={type}" in line[:MAX_HEAD].upper()), kind)
        elif name == "ATTACH":
            value = ""  # often the file itself
        elif not value.strip() or (name, value.strip()) == ("PRIORITY", "0"):
            return
        if len(values := self.unsupported[kind]) < MAX_VALUES:
            values.append(value[:MAX_HEAD].replace("\\", ""))

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
        by_its_marks = bool(self.values.get("COMPLETED")) or self.values.get("PERCENT-COMPLETE") == "100"
        return IS_DONE.get(self._status(), by_its_marks)

    def _due(self) -> Due | None:
        """Return what DUE says, or else DTSTART and DURATION. Raises InvalidValue."""
        if self.values.get("DUE") or not (duration := self.values.get("DURATION")):
            return self._read("DUE", local_due)
        return self._read("DTSTART", lambda start: local_due(start + _duration(duration, start)))

    def _moment(self, name: str) -> datetime | None:
        """Return the time of a property in UTC, read in its TZID or else the current zone. Raises InvalidValue."""
        zone = zone_named(self.params[name].get("TZID", "")) if name in self.params else None
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
        """Whether DTSTART says no more than the due date. If it can't be read, it is only reported."""
        try:
            return self._read("DTSTART", local_due) in (due, due and Due(due.day))
        except InvalidValue:
            return False

    def _read(self, name: str, meaning: Callable[[date], T]) -> T | None:
        """Return what the date, or time, of this property means; None if there is none. Raises InvalidValue.

        The zone of DUE doesn't matter: the day that a person sees there is the one that is written.
        """
        if not (text := self.values.get(name)):
            return None
        for parse in (vDDDTypes.from_ical, date.fromisoformat, datetime.fromisoformat):
            try:
                if isinstance(found := parse(text), date):
                    return meaning(found)
            except InvalidValue:
                raise
            except (ValueError, OverflowError):
                continue
        raise InvalidValue(f"{quoted(text)} is no time for {name}. Write it like 20300131, or 20300131T090000Z.")


def _duration(text: str, start: date) -> timedelta:
    """Return the time that this duration takes. Raises InvalidValue."""
    try:
        found = vDDDTypes.from_ical(text)
    except (ValueError, OverflowError):
        found = None
    if not isinstance(found, timedelta):
        raise InvalidValue(f"{quoted(text)} is no DURATION. Write it like P2D, or PT1H.")
    return found


def _parts(line: str, number: int) -> tuple[str, Parameters, str]:
    """Return name, parameters and value of a line. Raises ValueError, and UnreadableFile if it is no text."""
    name, params, value = Contentline(quoted_printable.named(_mended(line, number))).parts()
    return name, params, quoted_printable.decoded(value, params)


def _calendar(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """The lines of the calendar, unfolded, each with the number it begins at. Raises UnreadableFile if it is none."""
    found = _unfolded(file)
    first = next(found, None)
    if first is None:
        raise UnreadableFile(EMPTY)
    if first[1].strip().upper() != "BEGIN:VCALENDAR":
        raise UnreadableFile(f"Line {first[0]} should be BEGIN:VCALENDAR. Import what was exported as iCalendar.")
    return found


def _unfolded(file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Lines with those that continue them (section 3.1); of one longer than MAX_LENGTH so much as shows that it is.

    Some programs fold within a character, so the bytes that are none by themselves are kept, and mended later.
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


def _mended(line: str, number: int) -> str:
    """The line, with characters that were folded apart put together. Raises UnreadableFile."""
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
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # which else would end the line, and begin a property
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")
