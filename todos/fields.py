"""Table of the fields of a to-do, from which the fields of forms, API, file formats, import and export are derived.

`tests/todos/test_fields.py` fails if a field of the model is in neither FIELDS nor INTERNAL_FIELDS, or if a page, the
API or a file format loses a field that this table lists for it.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal


@dataclass(frozen=True)
class Field:
    name: str
    """Name in the model, the API and files."""

    type: type[Any]
    is_editable: bool = False
    """Whether users change the field on the page of the to-do."""

    api: Literal["read-only", "read-write"] | None = None
    """What clients of the API can do with the field. None if the API doesn't have the field."""

    is_in_files: bool = False
    """Whether exported files contain the field, except formats that list it in `missing_fields`."""


FIELDS = (
    Field("id", int, api="read-only"),
    Field("url", str, api="read-only"),
    Field("title", str, is_editable=True, api="read-write", is_in_files=True),
    Field("notes", str, is_editable=True, api="read-write", is_in_files=True),
    Field("due_on", date, is_editable=True, api="read-write", is_in_files=True),
    Field("completed", bool, api="read-write"),
    Field("completed_at", datetime, api="read-only", is_in_files=True),
    Field("order", int, api="read-write"),
    Field("attachments", list, api="read-write"),
    Field("created_at", datetime, api="read-only", is_in_files=True),
    Field("updated_at", datetime, api="read-only"),
    Field("uid", str, is_in_files=True),
)
INTERNAL_FIELDS = {
    *("owner", "version", "batch", "completed_before", "deleted_before", "deleted_at"),
    *("title_folded", "notes_folded", "text_length"),
}
"""Fields of the model that users neither see nor set."""

EDITABLE_FIELDS = tuple(field.name for field in FIELDS if field.is_editable)
API_FIELDS = tuple(field.name for field in FIELDS if field.api)
WRITABLE_FIELDS = {field.name: field.type for field in FIELDS if field.api == "read-write"}
FILE_FIELDS = {field.name: field.type for field in FIELDS if field.is_in_files}
