"""Todo: one thing to do, of one owner."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Value, When
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone


class TodoQuerySet(models.QuerySet["Todo"]):
    def visible_to(self, user: Any) -> Self:
        return self.filter(owner=user)

    def active(self) -> Self:
        return self.filter(completed_at=None)

    def completed(self) -> Self:
        return self.exclude(completed_at=None)

    def for_list(self) -> Self:
        """In the order in which they were added."""
        return self.order_by("id")

    def toggle(self, todo_id: int) -> bool:
        """Complete an active to-do, reactivate a completed one, in one UPDATE; False if there is none."""
        turned = Case(When(completed_at=None, then=Now()), default=Value(None))
        return bool(self.filter(pk=todo_id).update(completed_at=turned, updated_at=Now()))


class Todo(models.Model):
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="todos")
    title = models.CharField(max_length=500)
    notes = models.TextField(max_length=20_000, blank=True)
    due_on = models.DateField("due", null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    objects = TodoQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        verbose_name = "to-do"
        indexes = [models.Index(fields=["owner", "id"], name="todo_by_owner")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("todos:edit", args=[self.pk])

    @property
    def is_completed(self) -> bool:
        return self.completed_at is not None
