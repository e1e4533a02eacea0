"""Validation of the JSON objects that the API receives, by the rules of the form of the pages."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from todos.fields import FIELDS, WRITABLE_FIELDS
from todos.forms.pages import TodoForm
from todos.models import Todo
from todos.quick_add import parse
from todos.time_zones import get_time_zone
from uploads.models import Upload


class JsonForm(TodoForm):
    """A JSON object of the API, which has some of the fields of a to-do."""

    completed = forms.BooleanField(required=False)
    attachments = forms.ModelMultipleChoiceField(
        Upload.objects.none(),
        required=False,
        error_messages={"invalid_choice": "You have no upload “%(value)s”."},
    )

    class Meta(TodoForm.Meta):
        fields = tuple(WRITABLE_FIELDS)

    def __init__(self, data: Mapping[str, Any], todo: Todo) -> None:
        """`todo` is a new to-do, or one that the caller has locked."""
        upload_ids = [attachment.upload_id for attachment in todo.visible_attachments] if todo.pk else []
        super().__init__(data, instance=todo, initial={"completed": todo.is_completed, "attachments": upload_ids})
        self.fields["attachments"].queryset = Upload.objects.visible_to(todo.owner)  # type: ignore[attr-defined]
        for name in self.fields.keys() - data.keys():
            if todo.pk or name != "title":
                del self.fields[name]

    @transaction.atomic
    def save(self, commit: bool = True) -> Todo:
        todo: Todo = self.instance
        changed = set(self.changed_data)
        if "completed" in changed:
            todo.completed_at = timezone.now() if self.cleaned_data["completed"] else None
        model_fields = {{"completed": "completed_at"}.get(name, name) for name in changed - {"attachments"}}
        if todo._state.adding:
            todo.save()
        elif model_fields:
            todo.save(update_fields=model_fields)
        if "attachments" in changed:
            todo.set_attachments(self.cleaned_data["attachments"])
        return todo


def validate_json(data: dict[str, Any], todo: Todo) -> JsonForm:
    """Return the valid form of a JSON object. Raise ValidationError with the errors of all fields."""
    json_errors = _type_errors(data) | _combination_errors(data)
    form = JsonForm(_with_title({name: value for name, value in data.items() if name not in json_errors}), todo)
    errors: dict[str, Any] = form.errors.as_data()
    if "quick_add" in data and "title" in errors:
        errors["quick_add"] = errors.pop("title")
    if errors := {**errors, **json_errors}:
        raise ValidationError(errors)
    return form


def split_quick_add(line: str, time_zone: str = "") -> dict[str, Any]:
    """Return the `title` and `due_on` of a quick-add line, and the `phrase` of it that names the due date.

    "Today" is the day in the time zone of this IANA name, or in the time zone of the request if the name is unknown.
    """
    found = parse(line, timezone.localdate(timezone=get_time_zone(time_zone)))
    return found._asdict() if found else {"title": line.strip(), "due_on": None, "phrase": ""}


def _with_title(data: dict[str, Any]) -> dict[str, Any]:
    """Replace a quick-add line by its title and due date. With a `due_on` beside it, the line is the title."""
    others = {name: value for name, value in data.items() if name not in ("quick_add", "time_zone")}
    if "quick_add" not in data:
        return others
    if "due_on" in data:
        return {"title": data["quick_add"], **others}
    found = split_quick_add(data["quick_add"], data.get("time_zone", ""))
    return {"title": found["title"], **({"due_on": found["due_on"].isoformat()} if found["due_on"] else {}), **others}


def _is_string(value: Any) -> bool:
    return isinstance(value, str)


def _is_list_of_ids(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(upload_id, str) for upload_id in value)


JSON_TYPES: dict[type[Any], tuple[str, Callable[[Any], bool]]] = {
    str: ("a string", _is_string),
    date: ('a date, for example "2030-01-31", or null', lambda value: value is None or isinstance(value, str)),
    bool: ("true or false", lambda value: isinstance(value, bool)),
    int: ("an integer", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    list: ("a list of the ids of uploads", _is_list_of_ids),
}
"""The JSON type of fields by their type: a description, and a function that checks a value."""

MEMBERS = {name: JSON_TYPES[field_type] for name, field_type in WRITABLE_FIELDS.items()} | {
    "quick_add": JSON_TYPES[str],
    "time_zone": ('the name of a time zone, for example "Europe/Berlin"', _is_string),
}
"""The members of a JSON object that may be sent, and their types."""

READ_ONLY_FIELDS = {field.name for field in FIELDS if field.api == "read-only"}


def _type_errors(data: dict[str, Any]) -> dict[str, list[str]]:
    errors = {}
    for name, value in data.items():
        if name in READ_ONLY_FIELDS:
            errors[name] = ["This field is read-only. Leave it out."]
        elif name not in MEMBERS:
            errors[name] = [f"There is no such field. The fields are {', '.join(MEMBERS)}."]
        elif not MEMBERS[name][1](value):
            errors[name] = [f"This must be {MEMBERS[name][0]}."]
    return errors


def _combination_errors(data: dict[str, Any]) -> dict[str, list[str]]:
    if "title" in data and "quick_add" in data:
        return {"quick_add": ["Send either title, which is stored as it is, or quick_add, but not both."]}
    if "time_zone" in data and "quick_add" not in data:
        return {"time_zone": ["This field belongs to quick_add. Leave it out."]}
    return {}
