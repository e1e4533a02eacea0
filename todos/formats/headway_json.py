"""Headway's own JSON: an object with the name and version of the format, and one to-do per line.

    {"format": "headway-todos", "version": 1, "todos": [
    {"title": "Pay rent", "due_on": "2026-12-01", "created_at": "2026-11-20T09:00:00+00:00", "uid": "7"}
    ]}

Lists of to-dos from the API are read as well, with their URLs as uids, and so are the exports of Vikunja and Google
Tasks: lists of objects that contain tasks.
"""

import json
from collections.abc import Generator, Iterable, Iterator
from typing import Any, BinaryIO

from django.utils import timezone

from todos.fields import API_FIELDS, FILE_FIELDS
from todos.formats import google_tasks, vikunja
from todos.formats.parsing.fields import to_row, to_texts
from todos.formats.parsing.json_source import JsonSource
from todos.formats.parsing.rows import EMPTY, BadRow, InvalidValue, Remark, Row, UnreadableFile, quoted

FORMAT = "headway-todos"
VERSION = 1
LISTS = ("todos", "items")
"""Members of a document that contain to-dos, in files of Headway and of Google Tasks."""

GROUPS = ("tasks", "items", "lists", "child_projects")
"""Members of an object that make it a group of to-dos, or a group of groups.

A project of Vikunja has tasks and child projects, a namespace of its versions before 0.21 has lists, and a list of
Google Tasks has items.
"""

MAX_DEPTH = 20
"""Maximum depth of nested groups."""

PROGRAMS = (vikunja, google_tasks)
TYPES: dict[str, Any] = {
    **dict.fromkeys(API_FIELDS, object),
    **dict.fromkeys(FILE_FIELDS, str | None),
    "url": str,
    "completed": bool,
}
"""Members allowed in a to-do: the fields, two of the API that are converted to fields, and ignored ones of the API."""


def write(rows: Iterable[Row]) -> Iterator[str]:
    yield f'{{"format": "{FORMAT}", "version": {VERSION}, "todos": ['
    separator = "\n"
    for row in rows:
        fields = {name: text for name, text in to_texts(row).items() if text}
        yield separator + json.dumps(fields, ensure_ascii=False)
        separator = ",\n"
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
            raise UnreadableFile(f"Line {source.line} is not JSON. Choose a file that was exported as JSON.")
    if source.peek():
        raise UnreadableFile(f"Line {source.line} has content after the end of the list. Remove it.")


def _document(source: JsonSource) -> Iterator[Row | BadRow | Remark]:
    has_list = False
    for name, value in source.members(LISTS):
        if name in LISTS and value is None and source.peek() == "[":
            has_list = True
            yield from _todos(source)
        else:
            _check_member(name, value)
    if not has_list:
        raise UnreadableFile("This file has no list “todos”. Choose a file that was exported as JSON.")


def _check_member(name: str, value: Any) -> None:
    if name == "format" and value != FORMAT:
        raise UnreadableFile(f"The format of this file is not “{FORMAT}”. Choose a file that was exported as JSON.")
    if name == "version" and value != VERSION:
        raise UnreadableFile(
            f"The version of this file is not {VERSION}, the only version that this server can read. "
            "Upgrade the server and import the file again."
        )


def _todos(source: JsonSource, depth: int = 0) -> Iterator[Row | BadRow | Remark]:
    """Read a list of to-dos, or of groups such as projects, depending on its first object."""
    if depth > MAX_DEPTH:
        raise source.nesting_error()
    is_grouped: bool | None = None
    for line in source.elements():
        if is_grouped is False or source.peek() != "{":
            yield _todo(source.value(), line)
        else:
            is_grouped = yield from _object(source, line, depth)


def _object(source: JsonSource, line: int, depth: int) -> Generator[Row | BadRow | Remark, None, bool]:
    """Read a to-do, or stream a group of to-dos. Return whether it was a group."""
    members: dict[str, Any] = {}
    is_group = False
    for name, value in source.members(GROUPS):
        if name in GROUPS:
            is_group = True
            if value is None and source.peek() == "[":
                yield from _todos(source, depth + 1)
        else:
            members[name] = value
    if not is_group:
        yield _todo(members, line)
    elif isinstance(title := members.get("title"), str):
        yield Remark(line, f"The list name {quoted(title)} was left out: Headway keeps all to-dos in one list.")
    return is_group


def _todo(value: Any, line: int) -> Row | BadRow | Remark:
    try:
        if isinstance(value, dict):
            for program in PROGRAMS:
                if program.is_task(value):
                    row: Row | Remark = program.row(value, line)
                    return row
        return to_row(_texts(value), line)
    except InvalidValue as error:
        return BadRow(line, str(error))


def _texts(value: Any) -> dict[str, str]:
    """Return the fields as texts. Raise InvalidValue."""
    if not isinstance(value, dict):
        raise InvalidValue('This is not a to-do. A to-do is an object, like {"title": "Pay rent"}.')
    for name, member in value.items():
        if name not in TYPES:
            raise InvalidValue(f"Unknown field {quoted(name)}. The fields are {', '.join(FILE_FIELDS)}.")
        if not isinstance(member, TYPES[name]):
            raise InvalidValue(f"“{name}” must be {'true or false' if name == 'completed' else 'a string or null'}.")
    texts = {"uid": value.get("url", "")} | {name: value[name] for name in FILE_FIELDS if value.get(name)}
    if value.get("completed"):
        texts.setdefault("completed_at", timezone.now().isoformat())
    return texts
