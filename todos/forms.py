"""The judge of what a to-do may be."""

from typing import Any

from django import forms

from todos.models import Todo


class TodoForm(forms.ModelForm):
    """A to-do with all its fields."""

    class Meta:
        model = Todo
        fields: tuple[str, ...] = ("title", "notes", "due_on")
        widgets = {
            "notes": forms.Textarea(attrs={"rows": 6}),
            "due_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        error_messages = {"title": {"required": "Write down what is to be done."}}


class NewTodoForm(TodoForm):
    """A to-do as it is jotted down: its title."""

    class Meta(TodoForm.Meta):
        fields = ("title",)

    def save_for(self, owner: Any) -> Todo:
        self.instance.owner = owner
        return self.save()
