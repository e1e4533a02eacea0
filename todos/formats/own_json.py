"""JSON of our own: one object that names itself and its version, with one to-do a line in it.

    {"format": "headway-todos", "version": 1, "todos": [
    {"title": "Pay rent", "due_on": "2026-12-01", "created_at": "2026-11-20T09:00:00+00:00", "uid": "7"}
    ]}

What the API answers with, a list of to-dos, is read as well. Its URLs serve as uids.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from django.utils import timezone

from todos.formats.fields import FIELDS, row_of, texts_of
from todos.formats.json_source import JsonSource
from todos.formats.rows import EMPTY, BadRow, Row, Unreadable, Wrong, quoted

FORMAT = "headway-todos"
VERSION = 1
TYPES: dict[str, Any] = {
    **dict.fromkeys(FIELDS, str | None),
    "url": str,
    "completed": bool,
    **dict.fromkeys(("id", "order", "attachments", "updated_at"), object),
}
"""What there may be of a to-do: our fields, two of the API's that are understood, and those that aren't needed."""


def write(rows: Iterable[Row]) -> Iterator[str]:
    yield f'{{"format": "{FORMAT}", "version": {VERSION}, "todos": ['
    before = "\n"
    for row in rows:
        said = {name: text for name, text in texts_of(row).items() if text}
        yield before + json.dumps(said, ensure_ascii=False)
        before = ",\n"
    yield "\n]}\n"


def read(file: BinaryIO) -> Iterator[Row | BadRow]:
    source = JsonSource(file)
    match source.peek():
        case "":
            raise Unreadable(EMPTY)
        case "[":
            yield from _todos(source)
        case "{":
            yield from _document(source)
        case _:
            raise Unreadable(f"Line {source.line} is no JSON. Import what was exported as JSON.")
    if source.peek():
        raise Unreadable(f"In line {source.line} something follows the end of the list. Remove it.")


def _document(source: JsonSource) -> Iterator[Row | BadRow]:
    found = False
    for name in source.names():
        if name == "todos" and source.peek() == "[":
            found = True
            yield from _todos(source)
        else:
            _check(name, source.value())
    if not found:
        raise Unreadable("There is no list of “todos” in this file. Import what was exported as JSON.")


def _check(name: str, value: Any) -> None:
    if name == "format" and value != FORMAT:
        raise Unreadable(f"This file is of another format than “{FORMAT}”. Import what was exported as JSON.")
    if name == "version" and value != VERSION:
        raise Unreadable(
            f"This file is of another version than {VERSION}, which is all that can be read here. "
            "Bring this site up to date, and import it again."
        )


def _todos(source: JsonSource) -> Iterator[Row | BadRow]:
    for line, value in source.items():
        try:
            yield row_of(_texts(value), line)
        except Wrong as wrong:
            yield BadRow(line, str(wrong))


def _texts(value: Any) -> dict[str, str]:
    """The fields as texts. Raises Wrong."""
    if not isinstance(value, dict):
        raise Wrong('This is no to-do. One is an object, like {"title": "Pay rent"}.')
    for name, given in value.items():
        if name not in TYPES:
            raise Wrong(f"There is no field {quoted(name)}. There are {', '.join(FIELDS)}.")
        if not isinstance(given, TYPES[name]):
            raise Wrong(f"“{name}” must be {'true or false' if name == 'completed' else 'a string, or null'}.")
    texts = {"uid": value.get("url", "")} | {name: value[name] for name in FIELDS if value.get(name)}
    if value.get("completed"):
        texts.setdefault("completed_at", timezone.now().isoformat())
    return texts
