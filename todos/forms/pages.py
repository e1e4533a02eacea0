"""Forms of the pages of to-dos. `TodoForm` has the rules for every field; the other forms derive from it."""

import unicodedata
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.text import Truncator

from todos.fields import EDITABLE_FIELDS
from todos.models import Todo
from todos.quick_add import parse
from uploads.visible import is_visible

if TYPE_CHECKING:
    TodoModelForm = forms.ModelForm[Todo]
else:
    TodoModelForm = forms.ModelForm  # has no type parameters at run time

CONTROL_CHARACTERS = {"Cc", "Cs"}
"""Unicode categories of control characters and lone surrogates."""

LINE_SEPARATORS = {"Zl", "Zp"}
"""Unicode categories of the line separator and the paragraph separator."""

TITLE_REQUIRED = "Enter a title."
DUE_ON_INVALID = "Enter the date as year-month-day, for example 2030-01-31."

MAX_QUOTE_LENGTH = 300
"""The maximum length of the current value in the message about a conflict, in characters."""


class NotesField(forms.CharField):
    """Text of several lines, whose line breaks are normalized to "\\n"."""

    widget = forms.Textarea(attrs={"rows": 6, "dir": "auto"})

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")


class TextForm(TodoModelForm):
    """The title and the notes of a to-do, as every form has them."""

    notes = NotesField(max_length=20_000, required=False)

    def clean_title(self) -> str:
        title = _check_characters(self.cleaned_data["title"], CONTROL_CHARACTERS | LINE_SEPARATORS)
        if not is_visible(title):
            raise ValidationError(TITLE_REQUIRED, code="required")
        return title

    def clean_notes(self) -> str:
        return _check_characters(self.cleaned_data["notes"], CONTROL_CHARACTERS, allowed="\n\t")


class TodoForm(TextForm):
    """The fields of a to-do that its owner edits."""

    due_on = forms.DateField(
        label="Due",
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": DUE_ON_INVALID},
    )

    class Meta:
        model = Todo
        fields: tuple[str, ...] = EDITABLE_FIELDS
        widgets = {"title": forms.TextInput(attrs={"dir": "auto"})}
        error_messages = {"title": {"required": TITLE_REQUIRED}}

    def save(self, commit: bool = True) -> Todo:
        """Save all fields of a new to-do, and only the changed fields of an existing to-do.

        So a change that was made elsewhere since the form was loaded is kept.
        """
        todo: Todo = self.instance
        if not todo.pk:
            todo.save()
        elif names := self.changed_fields():
            todo.save(update_fields=names)
        return todo

    def changed_fields(self) -> list[str]:
        """Return the names of the model's fields whose values differ from the initial ones."""
        return [name for name in self.changed_data if name in self.Meta.fields]


class EditForm(TodoForm):
    """The page of one to-do. Hidden inputs hold the initial values, because the page may have been open for long.

    A field that has been changed elsewhere since keeps its value, unless it was changed here too: then the form has an
    error, and saving again overwrites the other change. A new title is a quick-add line, unless the due date was
    changed here as well.
    """

    as_typed = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "todo_%s"  # the list, which opens this form in a panel, has fields of its own
        for name in self.Meta.fields:  # a request without hidden inputs is compared with the current values
            self.fields[name].show_hidden_initial = not self.is_bound or self.add_initial_prefix(name) in self.data

    def todo_fields(self) -> list[forms.BoundField]:
        """Return the fields to show. One that the page left out would be cleared when the form is saved."""
        return [self[name] for name in self.Meta.fields]

    def full_clean(self) -> None:
        if self.is_bound:
            self._fill_in_due_date()
        super().full_clean()

    def clean(self) -> dict[str, Any]:
        super().clean()
        for name in self.changed_fields():
            if name in self.cleaned_data and self._was_changed_elsewhere(name):
                self._reset_initial(name)
                current = Truncator(self.initial[name] or "empty").chars(MAX_QUOTE_LENGTH)
                self.add_error(name, f"This was changed elsewhere. It is now: {current}. Save again to overwrite it.")
        return self.cleaned_data

    def _fill_in_due_date(self) -> None:
        """Move a due date at the end of a new title to its own field, which validates and shows it."""
        if self["as_typed"].data or not self._was_changed_here("title") or self._was_changed_here("due_on"):
            return
        if found := parse(self["title"].data or "", timezone.localdate()):
            self._set_data(title=found.title, due_on=found.due_on.isoformat())

    def _was_changed_here(self, name: str) -> bool:
        return (self[name].data or "").strip() != str(self._submitted_initial(name) or "")

    def _was_changed_elsewhere(self, name: str) -> bool:
        field, current = self.fields[name], self.initial[name]
        return field.has_changed(current, self._submitted_initial(name)) and field.has_changed(current, self[name].data)

    def _submitted_initial(self, name: str) -> Any:
        return self.data.get(self.add_initial_prefix(name), self.initial[name])

    def _reset_initial(self, name: str) -> None:
        self._set_data(**{self.add_initial_prefix(name): self.initial[name] or ""})

    def _set_data(self, **values: Any) -> None:
        self.data = dict(self.data.items()) | values


class NamedDateField(forms.DateField):
    """A date in ISO 8601, or one of the days that the menu of due dates names."""

    def to_python(self, value: Any) -> date | None:
        today = timezone.localdate()
        match value:
            case "today":
                return today
            case "tomorrow":
                return today + timedelta(days=1)
            case "next-week":
                return today + timedelta(days=7 - today.weekday())  # next Monday
        return super().to_python(value)


class DueForm(TodoForm):
    """The menu of due dates. An empty value clears the date."""

    notes = None  # type: ignore[assignment]  # Django's way to remove an inherited field
    due_on = NamedDateField(required=False, input_formats=["%Y-%m-%d"], error_messages={"invalid": DUE_ON_INVALID})

    class Meta(TodoForm.Meta):
        fields = ("due_on",)

    def clean_due_on(self) -> date | None:
        if "due_on" not in self.data:
            raise ValidationError(DUE_ON_INVALID)
        due_on: date | None = self.cleaned_data["due_on"]
        return due_on


class QuickAddForm(TodoForm):
    """A quick-add line. The due date of an existing to-do changes only if the line ends with one."""

    notes = due_on = None  # type: ignore[assignment]  # Django's way to remove an inherited field
    as_typed = forms.BooleanField(required=False)

    _has_due_date = False

    class Meta(TodoForm.Meta):
        fields = ("title",)

    def clean(self) -> dict[str, Any]:
        super().clean()
        typed = self.cleaned_data.get("title", "") if "title" in self.changed_data else ""
        found = None if self.cleaned_data["as_typed"] else parse(typed, timezone.localdate())
        if found and is_visible(found.title):
            self.cleaned_data["title"] = found.title
            self.instance.due_on = found.due_on
            self._has_due_date = True
        return self.cleaned_data

    def changed_fields(self) -> list[str]:
        return super().changed_fields() + (["due_on"] if self._has_due_date else [])

    def save_for(self, owner: User) -> Todo:
        self.instance.owner = owner
        return self.save()


def _check_characters(text: str, categories: set[str], allowed: str = "") -> str:
    """Return the text. Raise ValidationError if it contains a character of one of these Unicode categories."""
    for character in text:
        if unicodedata.category(character) in categories and character not in allowed:
            raise ValidationError(f"Remove the control character U+{ord(character):04X}. It can't be displayed.")
    return text
