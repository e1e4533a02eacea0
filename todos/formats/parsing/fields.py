"""Conversion of rows to and from texts by field, for CSV and JSON."""

import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from todos.fields import FILE_FIELDS
from todos.formats.parsing.dates import parse_due, parse_time
from todos.formats.parsing.rows import NO_TITLE, InvalidValue, Row

MAX_UID_LENGTH = 255


def _utc(value: datetime) -> str:
    return value.astimezone(UTC).isoformat()


ENCODERS: dict[type[Any], Callable[[Any], str]] = {str: str, date: date.isoformat, datetime: _utc}


def to_texts(row: Row) -> dict[str, str]:
    """Return the text of each field, empty for a missing value."""
    return {
        name: ENCODERS[field_type](value) if (value := getattr(row, name)) else ""
        for name, field_type in FILE_FIELDS.items()
    }


def to_row(texts: Mapping[str, str], line: int, left_out: tuple[str, ...] = ()) -> Row:
    """Return the row with these texts. A blank text means no value. Raise InvalidValue."""
    if not texts.get("title", "").strip():
        raise InvalidValue(NO_TITLE)
    values: dict[str, Any] = {}
    for name, field_type in FILE_FIELDS.items():
        text = texts.get(name, "")
        if field_type is str:
            values[name] = text
        elif text := text.strip():
            values[name], time_of_day = _parse_date_or_time(field_type, text)
            left_out = time_of_day + left_out
    values["uid"] = storable_uid(values["uid"])
    return Row(**values, line=line, left_out=left_out)


def _parse_date_or_time(field_type: type[Any], text: str) -> tuple[date, tuple[str, ...]]:
    """Return the date or time, and the entry of Row.left_out for the time of day of a date. Raise InvalidValue."""
    if field_type is datetime:
        return parse_time(text), ()
    due = parse_due(text)
    return due.day, due.left_out


def storable_uid(text: str) -> str:
    """Return the uid, or its hash if it can't be stored in the database."""
    if text.isprintable() and len(text) <= MAX_UID_LENGTH:
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
