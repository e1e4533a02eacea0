"""Undo of changes of several to-dos: completing or reactivating all, deleting, and imports.

Each such change is a batch. Its id and the state before it are kept in the to-dos themselves, until they are changed
again: undo leaves to-dos alone that were changed since.
"""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from django.contrib.auth.models import User

from todos.models import Todo, TodoQuerySet


@dataclass(frozen=True)
class Batch:
    owner: User
    id: UUID

    @classmethod
    def of(cls, owner: User, ids: list[int]) -> Self | None:
        """Return the batch in which these to-dos were changed, or None if there are none or it was undone."""
        first = Todo.objects.filter(owner=owner, pk__in=ids[:1]).first()
        return cls(owner, first.batch) if first and first.batch else None

    @classmethod
    def named(cls, owner: User, name: str) -> Self | None:
        """Return the batch with this id, or None if there is none or nothing of it can be undone."""
        try:
            batch = cls(owner, UUID(name))
        except ValueError:
            return None
        return batch if batch.todos.exists() else None

    @property
    def todos(self) -> TodoQuerySet:
        return Todo.objects.filter(owner=self.owner, batch=self.id)

    @property
    def text(self) -> str:
        """A sentence that describes the change."""
        first, *others = self.todos[:2]
        what = f"{self.todos.count():,} to-dos" if others else f"“{first.title}”"
        if first.deleted_at != first.deleted_before:
            return f"Deleted {what}." if first.deleted_at else f"Restored {what}."
        return f"Marked {what} as {'complete' if first.completed_at else 'active'}."
