"""The judge of what a to-do may be, for pages and the API."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import Truncator

from todos.models import Todo
from todos.quick_add import parse
from uploads.models import Upload

NO_TEXT = {"Cc", "Cs"}
"""Control characters and lone surrogates."""

LINE_BREAKS = {"Zl", "Zp"}

LONGEST_QUOTE = 300
"""Characters of what somebody else has written, in the words of an error."""


class Notes(forms.CharField):
    """Text of several lines, which end in the same way wherever they come from."""

    widget = forms.Textarea(attrs={"rows": 6})

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")


class TodoForm(forms.ModelForm):
    """A to-do as its owner writes it."""

    notes = Notes(max_length=20_000, required=False)
    due_on = forms.DateField(
        label="Due",
        required=False,
        input_formats=["%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Write the date as year-month-day, like 2030-01-31."},
    )

    class Meta:
        model = Todo
        fields: tuple[str, ...] = ("title", "notes", "due_on")
        error_messages = {"title": {"required": "Write down what is to be done."}}

    def clean_title(self) -> str:
        return _text(self.cleaned_data["title"], NO_TEXT | LINE_BREAKS)

    def clean_notes(self) -> str:
        return _text(self.cleaned_data["notes"], NO_TEXT, but="\n\t")

    def save(self, commit: bool = True) -> Todo:
        """Of a to-do that is there already only what differs is written: the rest others may have changed."""
        if self.instance.pk and self.changed_data:
            self.instance.save(update_fields=self.changed_data)
        elif not self.instance.pk:
            self.instance.save()
        return self.instance


class EditForm(TodoForm):
    """A to-do on a page that may have been open for long: it brings along what it began from, field by field.

    So what was changed elsewhere meanwhile stays, unless it was changed here too: then the one who writes decides.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():  # those who send none begin from what is there
            field.show_hidden_initial = not self.is_bound or self.add_initial_prefix(name) in self.data

    def clean(self) -> dict[str, Any]:
        super().clean()
        for name in self.changed_data:
            if name in self.cleaned_data and self._was_changed_elsewhere(name):
                self._begin_from_now(name)
                now = Truncator(self.initial[name] or "nothing").chars(LONGEST_QUOTE)
                self.add_error(name, f"This was changed elsewhere; now it is: {now} – Save again to keep yours.")
        return self.cleaned_data

    def _was_changed_elsewhere(self, name: str) -> bool:
        field, now = self.fields[name], self.initial[name]
        began_from = self.data.get(self.add_initial_prefix(name), now)
        return field.has_changed(now, began_from) and field.has_changed(now, self.data.get(self.add_prefix(name)))

    def _begin_from_now(self, name: str) -> None:
        self.data = dict(self.data.items()) | {self.add_initial_prefix(name): self.initial[name] or ""}


class TitleForm(TodoForm):
    """The title of a to-do alone."""

    notes = due_on = None  # type: ignore[assignment]  # Django's way to leave out what is inherited

    class Meta(TodoForm.Meta):
        fields = ("title",)


class NewTodoForm(TitleForm):
    """A to-do as it is jotted down: its title, with a date at the end of it, unless that is meant as typed."""

    as_typed = forms.BooleanField(required=False)

    def clean(self) -> dict[str, Any]:
        typed = self.cleaned_data.get("title", "")
        if not self.cleaned_data["as_typed"] and (found := parse(typed, timezone.localdate())):
            self.cleaned_data["title"] = found.title
            self.instance.due_on = found.due_on
        return self.cleaned_data

    def save_for(self, owner: Any) -> Todo:
        self.instance.owner = owner
        return self.save()


class JsonForm(TodoForm):
    """A to-do as a program writes it: those of its fields that the program names."""

    completed = forms.BooleanField(required=False)
    attachments = forms.ModelMultipleChoiceField(
        Upload.objects.none(),
        required=False,
        error_messages={"invalid_choice": "You have no upload “%(value)s”."},
    )

    class Meta(TodoForm.Meta):
        fields = ("title", "notes", "due_on", "order")

    def __init__(self, given: dict[str, Any], todo: Todo) -> None:
        """The to-do is a new one of its owner's, or one that is locked."""
        files = [attachment.upload_id for attachment in todo.attachments.all()] if todo.pk else []
        super().__init__(given, instance=todo, initial={"completed": todo.is_completed, "attachments": files})
        self.fields["attachments"].queryset = Upload.objects.visible_to(todo.owner)  # type: ignore[attr-defined]
        for name in self.fields.keys() - given.keys():
            if todo.pk or name != "title":
                del self.fields[name]

    @transaction.atomic
    def save(self, commit: bool = True) -> Todo:
        todo, changed = self.instance, set(self.changed_data)
        if "completed" in changed:
            todo.completed_at = timezone.now() if self.cleaned_data["completed"] else None
        written = {{"completed": "completed_at"}.get(name, name) for name in changed - {"attachments"}}
        if todo._state.adding:
            todo.save()
        elif written:
            todo.save(update_fields=written)
        if "attachments" in changed:
            todo.attach(self.cleaned_data["attachments"])
        return todo


def judge(given: dict[str, Any], todo: Todo) -> JsonForm:
    """The form of what a program gave, found right. Raises ValidationError, with all that is wrong by its field."""
    wrong = _wrong_types(given)
    form = JsonForm({name: value for name, value in given.items() if name not in wrong}, todo)
    if errors := {**form.errors.as_data(), **wrong}:
        raise ValidationError(errors)
    return form


WANTED = {
    "title": ("a string", lambda value: isinstance(value, str)),
    "notes": ("a string", lambda value: isinstance(value, str)),
    "due_on": ('a date like "2030-01-31", or null', lambda value: value is None or isinstance(value, str)),
    "completed": ("true or false", lambda value: isinstance(value, bool)),
    "order": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "attachments": (
        "a list of the ids of uploads",
        lambda value: isinstance(value, list) and all(isinstance(upload_id, str) for upload_id in value),
    ),
}
"""What a field is in JSON, in words and as a test."""

DERIVED = {"id", "url", "completed_at", "created_at", "updated_at"}


def _wrong_types(given: dict[str, Any]) -> dict[str, list[str]]:
    wrong = {}
    for name, value in given.items():
        if name in DERIVED:
            wrong[name] = ["This can't be set. Leave it out."]
        elif name not in WANTED:
            wrong[name] = [f"There is no such field. There are {', '.join(WANTED)}."]
        elif not WANTED[name][1](value):
            wrong[name] = [f"This must be {WANTED[name][0]}."]
    return wrong


def _text(text: str, forbidden: set[str], but: str = "") -> str:
    for character in text:
        if unicodedata.category(character) in forbidden and character not in but:
            raise ValidationError(f"Remove the control character U+{ord(character):04X}: it can't be shown.")
    return text
