"""JSON of our own: one object that names itself and its version, with one to-do a line in it.

    {"format": "headway-todos", "version": 1, "todos": [
    {"title": "Pay rent", "due_on": "2026-12-01", "created_at": "2026-11-20T09:00:00+00:00", "uid": "7"}
    ]}

What the API answers with, a list of to-dos, is read as well. Its URLs serve as uids. So are the exports of Vikunja and
Google Tasks: lists of objects that have tasks in them.
"""

import json
from collections.abc import Generator, Iterable, Iterator
from typing import Any, BinaryIO

from django.utils import timezone

from todos.formats import google_tasks, vikunja
from todos.formats.parsing.fields import FIELDS, to_row, to_texts
from todos.formats.parsing.json_source import JsonSource
from todos.formats.parsing.rows import EMPTY, BadRow, InvalidValue, Remark, Row, UnreadableFile, quoted

FORMAT = "headway-todos"
VERSION = 1
LISTS = ("todos", "items")
"""The members of a document that have to-dos: ours, and that of Google Tasks."""

GROUPS = ("tasks", "items", "lists", "child_projects")
"""The members of an object that make it a group of to-dos, or of such groups.

A project of Vikunja's has tasks and child projects, a namespace of its versions before 0.21 has lists, and a list of
Google Tasks has items.
"""

MAX_DEPTH = 20
"""Groups in one another."""

OTHERS = (vikunja, google_tasks)
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
        said = {name: text for name, text in to_texts(row).items() if text}
        yield before + json.dumps(said, ensure_ascii=False)
        before = ",\n"
    yield "\n]}\n"


def read(file: BinaryIO) -> Iterator[Row | BadRow | Remark]:
    source = JsonSource(file)
    match source.peek():
        case "":
            raise UnreadableFile(EMPTY)
        case "[":
            yield from _todos(source)
        case "{":
            yield from _document(source)
        case _:
            raise UnreadableFile(f"Line {source.line} is no JSON. Import what was exported as JSON.")
    if source.peek():
        raise UnreadableFile(f"In line {source.line} something follows the end of the list. Remove it.")


def _document(source: JsonSource) -> Iterator[Row | BadRow | Remark]:
    found = False
    for name, value in source.members(LISTS):
        if name in LISTS and value is None and source.peek() == "[":
            found = True
            yield from _todos(source)
        else:
            _check(name, value)
    if not found:
        raise UnreadableFile("There is no list of “todos” in this file. Import what was exported as JSON.")


def _check(name: str, value: Any) -> None:
    if name == "format" and value != FORMAT:
        raise UnreadableFile(f"This file is of another format than “{FORMAT}”. Import what was exported as JSON.")
    if name == "version" and value != VERSION:
        raise UnreadableFile(
            f"This file is of another version than {VERSION}, which is all that can be read here. "
            "Bring this site up to date, and import it again."
        )


def _todos(source: JsonSource, depth: int = 0) -> Iterator[Row | BadRow | Remark]:
    """Read a list of to-dos, or of groups of them, such as projects: its first object shows which."""
    if depth > MAX_DEPTH:
        raise source.too_deep()
    is_grouped: bool | None = None
    for line in source.elements():
        if is_grouped is False or source.peek() != "{":
            yield _todo(source.value(), line)
        else:
            is_grouped = yield from _object(source, line, depth)


def _object(source: JsonSource, line: int, depth: int) -> Generator[Row | BadRow | Remark, None, bool]:
    """Read a to-do, or a group of them piece by piece, since it may be long. Return whether it was a group."""
    found: dict[str, Any] = {}
    is_group = False
    for name, value in source.members(GROUPS):
        if name in GROUPS:
            is_group = True
            if value is None and source.peek() == "[":
                yield from _todos(source, depth + 1)
        else:
            found[name] = value
    if not is_group:
        yield _todo(found, line)
    elif isinstance(title := found.get("title"), str):
        yield Remark(line, f"The list {quoted(title)} was left out: its to-dos are in one list with all others.")
    return is_group


def _todo(value: Any, line: int) -> Row | BadRow | Remark:
    try:
        if isinstance(value, dict):
            for program in OTHERS:
                if program.is_task(value):
                    return program.row(value, line)
        return to_row(_texts(value), line)
    except InvalidValue as wrong:
        return BadRow(line, str(wrong))


def _texts(value: Any) -> dict[str, str]:
    """The fields as texts. Raises InvalidValue."""
    if not isinstance(value, dict):
        raise InvalidValue('This is no to-do. One is an object, like {"title": "Pay rent"}.')
    for name, given in value.items():
        if name not in TYPES:
            raise InvalidValue(f"There is no field {quoted(name)}. There are {', '.join(FIELDS)}.")
        if not isinstance(given, TYPES[name]):
            raise InvalidValue(f"“{name}” must be {'true or false' if name == 'completed' else 'a string, or null'}.")
    texts = {"uid": value.get("url", "")} | {name: value[name] for name in FIELDS if value.get(name)}
    if value.get("completed"):
        texts.setdefault("completed_at", timezone.now().isoformat())
    return texts
