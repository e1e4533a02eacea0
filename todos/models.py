"""Todo, one thing to do, of one owner; Attachment, a file that hangs on it.

Each write raises the to-do's version, by which clients know whether it has changed since they read it. What changes by
itself, like toggling, is one UPDATE; what changes several at once locks them in the order of their ids first, so that
two of those never wait for each other.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.db import models, transaction
from django.db.models import Case, F, Prefetch, Q, Value, When
from django.db.models.functions import Length, Now
from django.urls import reverse
from django.utils import timezone

from todos import limits, ordering
from todos.search import FOLDED, FoldedField, contains, fold, words_of
from uploads.locks import lock_owner
from uploads.models import Upload

AT_ONCE = 500
"""Rows of one UPDATE, so that no statement grows with the list."""


def changed() -> dict[str, Any]:
    """What every UPDATE sets."""
    return {"version": F("version") + 1, "updated_at": Now()}


class TodoQuerySet(models.QuerySet["Todo"]):
    def visible_to(self, user: Any) -> Self:
        """Their own, but for those in the trash."""
        return self.filter(owner=user, deleted_at=None)

    def in_trash(self) -> Self:
        """Those that were deleted, and could still be had back."""
        return self.exclude(deleted_at=None)

    def active(self) -> Self:
        return self.filter(completed_at=None)

    def completed(self) -> Self:
        return self.exclude(completed_at=None)

    def search(self, text: str) -> Self:
        """Filter by words, each of which must occur in the title or the notes, also as a part of another word."""
        if "\0" in text:  # PostgreSQL's texts can't contain it
            return self.none()
        found = self
        for word in words_of(text):
            found = found.filter(contains(word))
        return found

    def update(self, **values: Any) -> int:
        """Update the rows, and the folded text of new titles and notes."""
        folded = {column: fold(values[name]) for name, column in FOLDED.items() if name in values}
        return super().update(**values, **folded)

    def refold(self) -> int:
        """Correct the folded text of to-dos whose title or notes differ from it. Return their number."""
        texts = self.order_by().values_list("pk", "title", "notes", "title_folded", "notes_folded")
        stale = [(pk, title, notes) for pk, title, notes, *old in texts.iterator() if old != [fold(title), fold(notes)]]
        return sum(
            self.filter(pk=pk, title=title, notes=notes).update(title_folded=fold(title), notes_folded=fold(notes))
            for pk, title, notes in stale
        )

    def in_order(self) -> Self:
        return self.order_by("order", "id")

    def reverse_order(self) -> Self:
        return self.order_by("-order", "-id")

    def changed_within(self, time: timedelta) -> Self:
        """Those that were written in the last so many seconds, the trash included, in no order."""
        return self.filter(updated_at__gte=Now() - time).order_by()

    def owned_by_some(self, owner_ids: list[int]) -> Self:
        """Those of these owners, found by what else is asked for: their lists may be long."""
        no_index = F("owner_id") + 0
        return self.alias(owned_by=no_index).filter(owned_by__in=owner_ids)

    def for_list(self) -> Self:
        """All that a list of to-dos shows, in its order, in two queries."""
        return self.prefetch_related(Prefetch("attachments", Attachment.objects.visible())).in_order()

    def beyond(self, place: int, todo_id: int) -> Self:
        """Those after this place in that list; no to-do need be there any more."""
        return self.filter(order__gte=place).exclude(order=place, id__lte=todo_id)

    def toggle(self, todo_id: int) -> bool:
        """Complete an active to-do, reactivate a completed one, in one UPDATE; False if there is none."""
        turned = Case(When(completed_at=None, then=Now()), default=Value(None))
        return bool(self.filter(pk=todo_id).update(completed_at=turned, batch=None, **changed()))

    def toggle_all(self) -> list[int]:
        """Complete those that are active; if none is, reactivate all. The ids of those that changed."""
        return self.complete() or self.reactivate()

    def complete(self) -> list[int]:
        """Complete those that are active; their ids."""
        return self.active()._change(completed_at=Now())

    def reactivate(self) -> list[int]:
        """Take it back that those that are completed are; their ids."""
        return self.completed()._change(completed_at=None)

    def clear_completed(self) -> list[int]:
        """Put those that are completed into the trash; their ids, by which they can be restored."""
        return self.completed().trash()

    def trash(self) -> list[int]:
        """Delete them in a way that can be taken back for a while (see `retention.py`); their ids."""
        return self.filter(deleted_at=None)._change(deleted_at=timezone.now())  # the same for all

    def restore(self) -> list[int]:
        """Take those that are in the trash out of it, each to its old place; their ids."""
        return self.in_trash()._change(deleted_at=None)

    def undo(self) -> list[int]:
        """Return the to-dos of a batch to the state that they had before it. Return their ids."""
        return self._change(completed_at=F("completed_before"), deleted_at=F("deleted_before"))

    def append(self, owner: Any, todos: list["Todo"]) -> None:
        """Save new to-dos at the end of the owner's list, in this order. Raises ListFull."""
        with transaction.atomic():
            lock_owner(owner)
            limits.make_room(owner.todos.all(), len(todos), sum(todo.folded_length for todo in todos))
            positions = ordering.positions_at_end(owner.todos.all(), len(todos))
            for todo, position in zip(todos, positions, strict=True):
                todo.owner, todo.order = owner, position
            Todo.objects.bulk_create(todos)

    def move(self, todo_id: int, *, before: int | None = None, after: int | None = None) -> bool:
        """Bring a to-do right before, or right after, another one; False when one of them isn't there."""
        neighbour_id, place = (after, ordering.place_after) if before is None else (before, ordering.place_before)
        with transaction.atomic():
            todo = self.select_related("owner").filter(pk=todo_id).first()
            if todo is None:
                return False
            lock_owner(todo.owner)
            found = self.order_by().in_bulk([todo_id, neighbour_id])  # with an order, SQLite would use its index
            if len(found) < 2:
                return todo_id == neighbour_id
            place(todo.owner.todos.all(), found[todo_id], found[neighbour_id])
            return True

    def set_positions(self, positions: dict[int, int]) -> None:
        """Set the positions of the to-dos with these ids. The caller holds the owner's lock."""
        for pks in _chunks(self.filter(pk__in=positions)._lock()):
            position = Case(*(When(pk=pk, then=Value(positions[pk])) for pk in pks))
            self.filter(pk__in=pks).update(order=position, **changed())

    def _change(self, **values: Any) -> list[int]:
        """Change all of them as one batch, and keep the state that they had before it. Return their ids."""
        before = {"completed_before": F("completed_at"), "deleted_before": F("deleted_at")}
        values |= {"batch": uuid.uuid4(), **before}
        with transaction.atomic():
            ids = self._lock()
            for pks in _chunks(ids):
                self.model.objects.filter(pk__in=pks).update(**values, **changed())
        return ids

    def _lock(self) -> list[int]:
        return list(self.select_for_update().order_by("pk").values_list("pk", flat=True))


def _chunks(ids: list[int]) -> list[list[int]]:
    return [ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE)]


class FoldedTextDeferringManager(models.Manager["Todo"]):
    """Manager that doesn't load the columns that only search reads."""

    def get_queryset(self) -> models.QuerySet["Todo"]:
        return super().get_queryset().defer(*FOLDED.values())


def new_uid() -> str:
    return str(uuid.uuid4())


class Todo(models.Model):
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="todos",
        db_index=False,  # other indexes begin with it, and each one makes every write longer
    )
    title = models.CharField(max_length=500)
    notes = models.TextField(max_length=20_000, blank=True)
    due_on = models.DateField("due", null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    order = models.BigIntegerField(blank=True, help_text="the list's order, ascending; empty is its end")
    uid = models.CharField(
        max_length=255,
        default=new_uid,
        editable=False,
        help_text="by which it is known again when it is imported: ours, or that of the program it came from",
    )
    batch = models.UUIDField(null=True, editable=False)
    """The change of several to-dos that changed this one last; None after any other change, except of the order."""

    completed_before = models.DateTimeField(null=True, editable=False)
    deleted_before = models.DateTimeField(null=True, editable=False)
    version = models.PositiveBigIntegerField(default=1, db_default=1, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="when it was put into the trash")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    title_folded = FoldedField("title")
    notes_folded = FoldedField("notes")
    text_length = models.GeneratedField(
        expression=Length("title_folded") + Length("notes_folded"),
        output_field=models.IntegerField(),
        db_persist=True,
    )

    objects = FoldedTextDeferringManager.from_queryset(TodoQuerySet)()

    class Meta:
        ordering = ["order", "id"]
        verbose_name = "to-do"
        indexes = [
            models.Index(fields=["owner", "order", "id"], name="todo_by_order"),
            models.Index(fields=["deleted_at"], condition=Q(deleted_at__isnull=False), name="todo_in_trash"),
            models.Index(fields=["updated_at"], name="todo_by_change"),
            models.Index(fields=["owner", "text_length"], name="todo_by_length"),
            models.Index(fields=["batch"], condition=Q(batch__isnull=False), name="todo_by_batch"),
        ]
        constraints = [models.UniqueConstraint(fields=["owner", "uid"], name="todo_known_by_uid")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("todos:edit", args=[self.pk])

    def save(self, *args: Any, update_fields: Any = None, **kwargs: Any) -> None:
        """Append a new to-do to the list unless it has a position; raise the version of an existing one.

        Raises ListFull if the text that is added exceeds the owner's limit.
        """
        with transaction.atomic():
            self._make_room(update_fields)
            if not self._state.adding:
                self.version, self.batch = F("version") + 1, None
                update_fields = self._with_derived_fields(update_fields)
            elif self.order is None:
                lock_owner(self.owner)
                (self.order,) = ordering.positions_at_end(self.owner.todos.all(), 1)
            super().save(*args, update_fields=update_fields, **kwargs)
            self.refresh_from_db(fields=["version"])

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the to-do permanently. Lock it first, so that nobody attaches a file to it meanwhile."""
        with transaction.atomic():
            Todo.objects.select_for_update().filter(pk=self.pk).first()
            return super().delete(*args, **kwargs)

    def _make_room(self, update_fields: Any) -> None:
        if not self._state.adding and update_fields is not None and not FOLDED.keys() & set(update_fields):
            return
        growth = self.folded_length if self._state.adding else self.folded_length - self.text_length
        if growth > 0:
            limits.make_room(self.owner.todos.all(), int(self._state.adding), growth)

    def _with_derived_fields(self, names: Any) -> set[str]:
        """Return which fields to write, given those to save; None is all that are loaded."""
        if names is None:
            loaded = {field.attname for field in self._meta.concrete_fields if not field.primary_key}
            names = loaded - self.get_deferred_fields()
        return names and {*names, "version", "batch", "updated_at", *(FOLDED[name] for name in FOLDED if name in names)}

    def attach(self, uploads: list[Upload]) -> None:
        """Let exactly these hang on it, and those in the trash that do. Those deleted meanwhile are left out."""
        wanted = {upload.pk for upload in uploads}
        with transaction.atomic():
            kept = Upload.objects.visible_to(self.owner).filter(pk__in=wanted).select_for_update(no_key=True)
            ids = set(kept.order_by("pk").values_list("pk", flat=True))
            self.attachments.filter(upload__deleted_at=None).exclude(upload__in=ids).delete()
            Attachment.objects.bulk_create(
                [Attachment(todo=self, upload_id=upload_id) for upload_id in ids], ignore_conflicts=True
            )
            self.save(update_fields=["updated_at"])

    def attach_also(self, upload: Upload) -> bool:
        """Attach one more upload. Return False if it, or this to-do, has been deleted meanwhile."""
        with transaction.atomic():
            for rows in (Todo.objects.filter(pk=self.pk), Upload.objects.visible_to(self.owner).filter(pk=upload.pk)):
                if not rows.select_for_update(no_key=True).exists():
                    return False
            Attachment.objects.bulk_create([Attachment(todo=self, upload=upload)], ignore_conflicts=True)
            self.save(update_fields=["updated_at"])
        return True

    def detach(self, upload: Upload) -> None:
        with transaction.atomic():
            self.attachments.filter(upload=upload).delete()
            self.save(update_fields=["updated_at"])

    @property
    def folded_length(self) -> int:
        """The characters that a search reads of it, also before it is saved."""
        return len(fold(self.title)) + len(fold(self.notes))

    @property
    def is_completed(self) -> bool:
        return self.completed_at is not None

    @property
    def due_midnight(self) -> datetime | None:
        """When its due date begins where the reader is. With a mere date, `naturalday` would ask for the day of UTC."""
        if self.due_on is None:
            return None
        return datetime.combine(self.due_on, datetime.min.time(), timezone.get_current_timezone())

    @property
    def urgency(self) -> str:
        """What its due date means today: "overdue", "today" or nothing."""
        today = timezone.localdate()
        if self.due_on is None or self.is_completed or self.due_on > today:
            return ""
        return "today" if self.due_on == today else "overdue"

    @property
    def etag(self) -> str:
        return f'"{self.pk}-{self.version}"'


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible(self) -> Self:
        """Exclude attachments whose upload is in the trash."""
        return self.filter(upload__deleted_at=None).select_related("upload__job")


class Attachment(models.Model):
    """A file of `uploads` that hangs on a to-do. Either goes without the other."""

    todo = models.ForeignKey(Todo, models.CASCADE, related_name="attachments")
    upload = models.ForeignKey(Upload, models.CASCADE, related_name="attachments")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["todo", "upload"], name="attached_once")]

    def __str__(self) -> str:
        return self.upload.name
