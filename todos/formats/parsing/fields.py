"""Conversion of rows to and from texts by field, for CSV and JSON."""

import hashlib
from collections.abc import Mapping
from datetime import UTC

from todos.formats.parsing.dates import due, moment
from todos.formats.parsing.rows import NO_TITLE, InvalidValue, Row

MAX_UID_LENGTH = 255


def to_texts(row: Row) -> dict[str, str]:
    return {
        "title": row.title,
        "notes": row.notes,
        "due_on": row.due_on.isoformat() if row.due_on else "",
        "completed_at": row.completed_at.astimezone(UTC).isoformat() if row.completed_at else "",
        "created_at": row.created_at.astimezone(UTC).isoformat() if row.created_at else "",
        "uid": row.uid,
    }


FIELDS = tuple(to_texts(Row("")))


def to_row(texts: Mapping[str, str], line: int, left_out: tuple[str, ...] = ()) -> Row:
    """Return the row with these texts, of which blank ones count as missing. Raises InvalidValue."""
    if not texts.get("title", "").strip():
        raise InvalidValue(NO_TITLE)
    found = due(text) if (text := texts.get("due_on", "").strip()) else None
    return Row(
        title=texts["title"],
        notes=texts.get("notes", ""),
        due_on=found.day if found else None,
        completed_at=moment(text) if (text := texts.get("completed_at", "").strip()) else None,
        created_at=moment(text) if (text := texts.get("created_at", "").strip()) else None,
        uid=storable_uid(texts.get("uid", "")),
        line=line,
        left_out=(found.left_out if found else ()) + left_out,
    )


def storable_uid(text: str) -> str:
    """Return the uid, or its hash if it can't be stored in the database."""
    if text.isprintable() and len(text) <= MAX_UID_LENGTH:
        return text
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
