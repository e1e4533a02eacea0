"""The judge of what a to-do may be, for pages and the API."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import Truncator

from todos.formats.parsing.dates import zone_named
from todos.models import Todo
from todos.quick_add import parse
from uploads.models import Upload
from uploads.visible import is_visible

NO_TEXT = {"Cc", "Cs"}
"""Control characters and lone surrogates."""

LINE_BREAKS = {"Zl", "Zp"}

NO_TITLE = "Write down what is to be done."

LONGEST_QUOTE = 300
"""Characters of what somebody else has written, in the words of an error."""


class Notes(forms.CharField):
    """Text of several lines, which end in the same way wherever they come from."""

    widget = forms.Textarea(attrs={"rows": 6, "dir": "auto"})

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n").replace("\r", "\n")


class TextForm(forms.ModelForm):
    """The texts of a to-do, whoever writes them: pages, programs, imports and the admin."""

    notes = Notes(max_length=20_000, required=False)

    def clean_title(self) -> str:
        title = _text(self.cleaned_data["title"], NO_TEXT | LINE_BREAKS)
        if not is_visible(title):
            raise ValidationError(NO_TITLE, code="required")
        return title

    def clean_notes(self) -> str:
        return _text(self.cleaned_data["notes"], NO_TEXT, but="\n\t")


class TodoForm(TextForm):
    """A to-do as its owner writes it."""

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
        widgets = {"title": forms.TextInput(attrs={"dir": "auto"})}
        error_messages = {"title": {"required": NO_TITLE}}

    def save(self, commit: bool = True) -> Todo:
        """Write a new to-do as a whole, and of an existing one what differs: others may have changed the rest."""
        if not self.instance.pk:
            self.instance.save()
        elif written := self.written_fields():
            self.instance.save(update_fields=written)
        return self.instance

    def written_fields(self) -> list[str]:
        """Return the names of the model's fields whose values differ from those that the form began from."""
        return [name for name in self.changed_data if name in self.Meta.fields]


class EditForm(TodoForm):
    """A to-do on a page that may have been open for long: it brings along what it began from, field by field.

    So what was changed elsewhere meanwhile stays, unless it was changed here too: then the one who writes decides.
    A new title is a quick-add line, unless a due date was set here as well.
    """

    as_typed = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in self.Meta.fields:  # those who send none begin from what is there
            self.fields[name].show_hidden_initial = not self.is_bound or self.add_initial_prefix(name) in self.data

    def full_clean(self) -> None:
        if self.is_bound:
            self._fill_in_due_date()
        super().full_clean()

    def clean(self) -> dict[str, Any]:
        super().clean()
        for name in self.written_fields():
            if name in self.cleaned_data and self._was_changed_elsewhere(name):
                self._begin_from_now(name)
                now = Truncator(self.initial[name] or "nothing").chars(LONGEST_QUOTE)
                self.add_error(name, f"This was changed elsewhere; now it is: {now} – Save again to keep yours.")
        return self.cleaned_data

    def _fill_in_due_date(self) -> None:
        """Move a due date at the end of a new title to its own field, so that it is validated and shown there."""
        if self["as_typed"].data or not self._was_changed_here("title") or self._was_changed_here("due_on"):
            return
        if found := parse(self["title"].data or "", timezone.localdate()):
            self._set_data(title=found.title, due_on=found.due_on.isoformat())

    def _was_changed_here(self, name: str) -> bool:
        return (self[name].data or "").strip() != str(self._began_from(name) or "")

    def _was_changed_elsewhere(self, name: str) -> bool:
        field, now = self.fields[name], self.initial[name]
        return field.has_changed(now, self._began_from(name)) and field.has_changed(now, self[name].data)

    def _began_from(self, name: str) -> Any:
        return self.data.get(self.add_initial_prefix(name), self.initial[name])

    def _begin_from_now(self, name: str) -> None:
        self._set_data(**{self.add_initial_prefix(name): self.initial[name] or ""})

    def _set_data(self, **values: Any) -> None:
        self.data = dict(self.data.items()) | values


class QuickAddForm(TodoForm):
    """A title as a person types it, with or without a due date at its end. Without one, the due date stays as it is."""

    notes = due_on = None  # type: ignore[assignment]  # Django's way to leave out what is inherited
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

    def written_fields(self) -> list[str]:
        return super().written_fields() + (["due_on"] if self._has_due_date else [])

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
    wrong = _wrong_types(given) | _wrong_combinations(given)
    form = JsonForm(_with_title({name: value for name, value in given.items() if name not in wrong}), todo)
    errors: dict[str, Any] = form.errors.as_data()
    if "quick_add" in given and "title" in errors:
        errors["quick_add"] = errors.pop("title")
    if errors := {**errors, **wrong}:
        raise ValidationError(errors)
    return form


def read_line(line: str, time_zone: str = "") -> dict[str, Any]:
    """Return the `title` and `due_on` of a quick-add line, and the `phrase` of it that names the due date.

    "Today" is the day in the time zone of this IANA name, or in the time zone of the request if there is none.
    """
    found = parse(line, timezone.localdate(timezone=zone_named(time_zone)))
    return found._asdict() if found else {"title": line.strip(), "due_on": None, "phrase": ""}


def _with_title(given: dict[str, Any]) -> dict[str, Any]:
    """Replace a quick-add line by its title and due date. With a `due_on` beside it, the line is the title."""
    others = {name: value for name, value in given.items() if name not in ("quick_add", "time_zone")}
    if "quick_add" not in given:
        return others
    if "due_on" in given:
        return {"title": given["quick_add"], **others}
    found = read_line(given["quick_add"], given.get("time_zone", ""))
    return {"title": found["title"], **({"due_on": found["due_on"].isoformat()} if found["due_on"] else {}), **others}


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


WANTED = {
    "title": ("a string", _is_text),
    "quick_add": ("a string", _is_text),
    "time_zone": ('the name of a time zone, like "Europe/Berlin"', _is_text),
    "notes": ("a string", _is_text),
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


def _wrong_combinations(given: dict[str, Any]) -> dict[str, list[str]]:
    if "title" in given and "quick_add" in given:
        return {"quick_add": ["Send either title, which is taken as it is, or quick_add, but not both."]}
    if "time_zone" in given and "quick_add" not in given:
        return {"time_zone": ["This belongs to quick_add. Leave it out."]}
    return {}


def _text(text: str, forbidden: set[str], but: str = "") -> str:
    for character in text:
        if unicodedata.category(character) in forbidden and character not in but:
            raise ValidationError(f"Remove the control character U+{ord(character):04X}: it can't be shown.")
    return text
