"""To-dos and their attachments: the models, their queries and their updates.

Every write increments the version of the to-do, from which its ETag is made. An update of several to-dos locks them in
the order of their ids, so that two such updates can't deadlock.
"""

import uuid
from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models import Case, F, Prefetch, Q, Value, When
from django.db.models.functions import Length, Now
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from todos import limits, ordering
from todos.dates import DueDate
from uploads.locks import lock_owner
from uploads.models import Upload
from uploads.search import FoldedField, contains, fold, words_of

BATCH_SIZE = 500
"""The number of rows that one UPDATE changes."""

FOLDED = {"title": "title_folded", "notes": "notes_folded"}
"""The columns of the folded text of each field that is searched."""


def _next_version() -> dict[str, Any]:
    """Return the values that every UPDATE sets."""
    return {"version": F("version") + 1, "updated_at": Now()}


class TodoQuerySet(models.QuerySet["Todo"]):
    def visible_to(self, user: User) -> Self:
        """Filter by owner and exclude the trash."""
        return self.filter(owner=user, deleted_at=None)

    def in_trash(self) -> Self:
        return self.exclude(deleted_at=None)

    def active(self) -> Self:
        return self.filter(completed_at=None)

    def completed(self) -> Self:
        return self.exclude(completed_at=None)

    def search(self, text: str) -> Self:
        """Filter by words, each of which must occur in the title or the notes, possibly inside a longer word."""
        if "\0" in text:  # PostgreSQL rejects NUL characters
            return self.none()
        found = self
        for word in words_of(fold(text)):
            found = found.filter(contains(word, FOLDED.values()))
        return found

    def update(self, **values: Any) -> int:
        """Update the rows, including the folded text of new titles and notes."""
        folded = {column: fold(values[name]) for name, column in FOLDED.items() if name in values}
        return super().update(**values, **folded)

    def refold(self) -> int:
        """Correct outdated folded text. Return the number of to-dos that were corrected."""
        texts = self.order_by().values_list("pk", "title", "notes", "title_folded", "notes_folded")
        stale = [(pk, title, notes) for pk, title, notes, *old in texts.iterator() if old != [fold(title), fold(notes)]]
        return sum(
            self.filter(pk=pk, title=title, notes=notes).update(title_folded=fold(title), notes_folded=fold(notes))
            for pk, title, notes in stale
        )

    def in_order(self) -> Self:
        return self.order_by("order", "id")

    def in_reverse_order(self) -> Self:
        return self.order_by("-order", "-id")

    def in_due_order(self) -> Self:
        return self.order_by("due_on", "order", "id")

    def changed_within(self, time: timedelta) -> Self:
        """Filter by the time since the last change. The result is unordered and includes the trash."""
        return self.filter(updated_at__gte=Now() - time).order_by()

    def owned_by_any(self, owner_ids: list[int]) -> Self:
        """Filter by owner without the owner index, which PostgreSQL would prefer to the better index on updated_at."""
        no_index = F("owner_id") + 0
        return self.alias(owned_by=no_index).filter(owned_by__in=owner_ids)

    def for_list(self) -> Self:
        """Sort by position, and prefetch the attachments that a list shows."""
        attachments = Prefetch("attachments", Attachment.objects.visible(), to_attr="visible_attachments")
        return self.prefetch_related(attachments).in_order()

    def for_rows(self) -> Self:
        """Load `for_list` without the fields that rows of pages don't show."""
        times = ("created_at", "updated_at", "deleted_at", "completed_before", "deleted_before")
        return self.for_list().defer("uid", "batch", "text_length", *times)

    def after(self, order: int, todo_id: int, due_on: date | None = None) -> Self:
        """Return the to-dos after another one, which may have been deleted or moved since.

        Without `due_on` these are the ones after it `in_order`, else the ones after it `in_due_order`.
        """
        if due_on is None:
            return self.filter(order__gte=order).exclude(order=order, id__lte=todo_id)
        later_on_this_day = Q(order__gt=order) | Q(order=order, id__gt=todo_id)
        return self.filter(due_on__gte=due_on).filter(Q(due_on__gt=due_on) | later_on_this_day)

    def complete(self) -> list[int]:
        """Mark active to-dos as completed. Return their ids."""
        return self.active()._change(completed_at=Now())

    def reactivate(self) -> list[int]:
        """Mark completed to-dos as active. Return their ids."""
        return self.completed()._change(completed_at=None)

    def set_completed(self, is_completed: bool) -> list[int]:
        return self.complete() if is_completed else self.reactivate()

    def trash(self) -> list[int]:
        """Move to-dos to the trash. Return the ids of those that were not there already."""
        return self.filter(deleted_at=None)._change(deleted_at=timezone.now())  # the same time for all batches of rows

    def restore(self) -> list[int]:
        """Move to-dos from the trash to their old positions. Return their ids."""
        return self.in_trash()._change(deleted_at=None)

    def undo(self) -> list[int]:
        """Return to-dos to their state before the last change of several to-dos. Return their ids."""
        return self._change(completed_at=F("completed_before"), deleted_at=F("deleted_before"))

    def append(self, owner: User, todos: list["Todo"]) -> None:
        """Save new to-dos at the end of the owner's list, in this order. Raise ListFull."""
        with transaction.atomic():
            lock_owner(owner)
            limits.make_room(owner.todos.all(), len(todos), sum(todo.folded_length for todo in todos))
            positions = ordering.positions_at_end(owner.todos.all(), len(todos))
            for todo, position in zip(todos, positions, strict=True):
                todo.owner, todo.order = owner, position
            Todo.objects.bulk_create(todos)

    def move(self, todo_id: int, *, before: int | None = None, after: int | None = None) -> bool:
        """Move a to-do right before or right after another to-do. Return False if either doesn't exist."""
        neighbour_id, place = (after, ordering.place_after) if before is None else (before, ordering.place_before)
        with transaction.atomic():
            todo = self.select_related("owner").filter(pk=todo_id).first()
            if todo is None:
                return False
            lock_owner(todo.owner)
            found = self.order_by().in_bulk([todo_id, neighbour_id])  # SQLite would scan the index of an ordering
            if len(found) < 2:
                return todo_id == neighbour_id
            place(todo.owner.todos.all(), found[todo_id], found[neighbour_id])
            return True

    def set_positions(self, positions: dict[int, int]) -> None:
        """Set the positions of the to-dos with these ids. The caller holds the owner's lock."""
        for pks in _chunks(self.filter(pk__in=positions)._lock()):
            position = Case(*(When(pk=pk, then=Value(positions[pk])) for pk in pks))
            self.filter(pk__in=pks).update(order=position, **_next_version())

    def _change(self, **values: Any) -> list[int]:
        """Change the to-dos as one batch, and store their state before it for `undo`. Return their ids."""
        before = {"completed_before": F("completed_at"), "deleted_before": F("deleted_at")}
        values |= {"batch": uuid.uuid4(), **before}
        with transaction.atomic():
            ids = self._lock()
            for pks in _chunks(ids):
                self.model.objects.filter(pk__in=pks).update(**values, **_next_version())
        return ids

    def _lock(self) -> list[int]:
        return list(self.select_for_update().order_by("pk").values_list("pk", flat=True))


def _chunks(ids: list[int]) -> list[list[int]]:
    return [ids[start : start + BATCH_SIZE] for start in range(0, len(ids), BATCH_SIZE)]


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
        db_index=False,  # other indexes begin with the owner, and each index slows down every write
    )
    title = models.CharField(max_length=500)
    notes = models.TextField(max_length=20_000, blank=True)
    due_on = models.DateField("due", null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    order = models.BigIntegerField(blank=True, help_text="The position in the list. If empty, the end of the list.")
    uid = models.CharField(
        max_length=255,
        default=new_uid,
        editable=False,
        help_text="Identifies the to-do in imported files. Created by Headway, or by the program that exported it.",
    )
    batch = models.UUIDField(null=True, editable=False)
    """Identifies the change of several to-dos that was the last change of this one, not counting changes of its order.
    None if its last change was one of this to-do alone."""

    completed_before = models.DateTimeField(null=True, editable=False)
    deleted_before = models.DateTimeField(null=True, editable=False)
    version = models.PositiveBigIntegerField(default=1, db_default=1, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, help_text="When the to-do was moved to the trash.")
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
            models.Index(
                fields=["owner", "due_on", "order", "id"],
                condition=Q(due_on__isnull=False, completed_at=None, deleted_at=None),
                name="todo_by_due_date",
            ),
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

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **kwargs: Any) -> None:
        """Append a new to-do to the list unless it has a position. Increment the version of an existing to-do.

        Raise ListFull if the to-do or its text exceeds the limits of the owner.
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
        """Delete the to-do permanently. It is locked first, so that no file is attached to it during the deletion."""
        with transaction.atomic():
            Todo.objects.select_for_update().filter(pk=self.pk).first()
            return super().delete(*args, **kwargs)

    def _make_room(self, update_fields: Iterable[str] | None) -> None:
        if not self._state.adding and update_fields is not None and not FOLDED.keys() & set(update_fields):
            return
        growth = self.folded_length if self._state.adding else self.folded_length - self.text_length
        if growth > 0:
            limits.make_room(self.owner.todos.all(), int(self._state.adding), growth)

    def _with_derived_fields(self, update_fields: Iterable[str] | None) -> set[str]:
        """Add the fields that change with the others. None means all fields that are loaded."""
        if update_fields is None:
            loaded = {field.attname for field in self._meta.concrete_fields if not field.primary_key}
            names = loaded - self.get_deferred_fields()
        else:
            names = set(update_fields)
        return names and {*names, "version", "batch", "updated_at", *(FOLDED[name] for name in FOLDED.keys() & names)}

    def set_attachments(self, uploads: Iterable[Upload]) -> None:
        """Replace the attachments, except for those in the trash. Uploads that have been deleted are omitted."""
        wanted = {upload.pk for upload in uploads}
        with transaction.atomic():
            kept = Upload.objects.visible_to(self.owner).filter(pk__in=wanted).select_for_update(no_key=True)
            ids = set(kept.order_by("pk").values_list("pk", flat=True))
            self.attachments.filter(upload__deleted_at=None).exclude(upload__in=ids).delete()
            Attachment.objects.bulk_create(
                [Attachment(todo=self, upload_id=upload_id) for upload_id in ids], ignore_conflicts=True
            )
            self.save(update_fields=["updated_at"])

    def attach(self, *uploads: Upload) -> int:
        """Attach more uploads. Return how many of them exist, or 0 if this to-do has been deleted."""
        wanted = Upload.objects.visible_to(self.owner).filter(pk__in=[upload.pk for upload in uploads])
        with transaction.atomic():
            if not Todo.objects.filter(pk=self.pk).select_for_update(no_key=True).exists():
                return 0
            ids = list(wanted.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
            if ids:
                Attachment.objects.bulk_create(
                    [Attachment(todo=self, upload_id=upload_id) for upload_id in ids], ignore_conflicts=True
                )
                self.save(update_fields=["updated_at"])
        return len(ids)

    def detach(self, upload: Upload) -> None:
        with transaction.atomic():
            self.attachments.filter(upload=upload).delete()
            self.save(update_fields=["updated_at"])

    @property
    def folded_length(self) -> int:
        """The number of characters that a search reads, also of a to-do that is not saved yet."""
        return len(fold(self.title)) + len(fold(self.notes))

    @property
    def is_completed(self) -> bool:
        return self.completed_at is not None

    @property
    def order_key(self) -> str:
        """The order as a hexadecimal number without a sign. In a long list it compresses better than a decimal one."""
        return hex(self.order + 2**63)

    @property
    def due(self) -> DueDate | None:
        return DueDate.of(self.due_on, is_completed=self.is_completed) if self.due_on else None

    @cached_property
    def visible_attachments(self) -> list["Attachment"]:
        """The attachments whose upload isn't in the trash. `for_list` prefetches them."""
        return list(self.attachments.visible())

    @property
    def etag(self) -> str:
        return f'"{self.pk}-{self.version}"'


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible(self) -> Self:
        """Exclude attachments whose upload is in the trash."""
        return self.filter(upload__deleted_at=None).select_related("upload")


class Attachment(models.Model):
    """An upload that is attached to a to-do. Deleting one of the two keeps the other."""

    todo = models.ForeignKey(Todo, models.CASCADE, related_name="attachments")
    upload = models.ForeignKey(Upload, models.CASCADE, related_name="attachments")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["todo", "upload"], name="attached_once")]

    def __str__(self) -> str:
        return self.upload.name
