"""The trash: deleted to-dos and files, which users can restore or delete permanently until retention does that."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self, TypeVar

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import F, QuerySet, Value
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from progress.retention import delete_in_batches
from progress.types import UserRequest
from todos.models import Todo, TodoQuerySet
from todos.retention import BATCH_SIZE
from uploads.models import Upload, UploadQuerySet
from uploads.retention import TRASH_RETENTION

PAGE_SIZE = 100

Deleted = TypeVar("Deleted", TodoQuerySet, UploadQuerySet)


@dataclass(frozen=True)
class Selection:
    """To-dos and files in the trash of a user."""

    todos: TodoQuerySet
    files: UploadQuerySet

    @classmethod
    def all(cls, owner: User) -> Self:
        """Return the whole trash, without what the next run of retention deletes."""
        kept = {"owner": owner, "deleted_at__gt": timezone.now() - TRASH_RETENTION}
        return cls(Todo.objects.filter(**kept), Upload.objects.filter(**kept))

    @classmethod
    def named(cls, owner: User, query: Mapping[str, Any]) -> Self:
        """Return the to-dos or files that a form names: one, those that were deleted at one time, or all.

        Raise Http404 if the trash contains none of them.
        """
        trash = cls.all(owner)
        if query.get("kind") == "todos":
            selection = cls(_named(trash.todos, query), trash.files.none())
        elif query.get("kind") == "files":
            selection = cls(trash.todos.none(), _named(trash.files, query))
        elif "all" in query:
            selection = trash
        else:
            raise Http404
        if not (selection.todos.exists() or selection.files.exists()):
            raise Http404
        return selection

    def restore(self) -> None:
        self.todos.restore()
        for upload in self.files:
            upload.restore()

    def delete(self) -> None:
        """Delete permanently. To-dos and files that have been restored since are kept."""
        delete_in_batches(self.todos, BATCH_SIZE)
        delete_in_batches(self.files, 1)

    @property
    def text(self) -> str:
        """The name of the only item in quotation marks, or the numbers of to-dos and files."""
        todos, files = self.todos.count(), self.files.count()
        if todos + files == 1:
            return f"“{self.todos.first() or self.files.first()}”"
        numbers = [f"{todos:,} to-do{pluralize(todos)}"] * (todos > 0) + [f"{files:,} file{pluralize(files)}"] * (
            files > 0
        )
        return " and ".join(numbers)


@never_cache
@require_safe
def index(request: UserRequest) -> HttpResponse:
    """Show a page of the deleted to-dos or files, newest deletion first."""
    trash = Selection.all(request.user)
    counts = {"todos": trash.todos.count(), "files": trash.files.count()}
    default = "files" if counts["files"] and not counts["todos"] else "todos"
    kind = "files" if request.GET.get("kind", default) == "files" else "todos"
    items: QuerySet[Any] = trash.files if kind == "files" else trash.todos
    items = items.annotate(purged_at=F("deleted_at") + Value(TRASH_RETENTION))
    page = Paginator(items.order_by("-deleted_at", *items.model._meta.ordering), PAGE_SIZE).get_page(
        request.GET.get("page")
    )
    kinds = [("todos", "To-dos", counts["todos"]), ("files", "Files", counts["files"])]
    context = {
        "page": page,
        "kind": kind,
        "kinds": kinds,
        "retention": TRASH_RETENTION,
        "is_empty": not any(counts.values()),
    }
    return render(request, "todos/trash.html", context)


@require_POST
def restore(request: UserRequest) -> HttpResponse:
    selection = Selection.named(request.user, request.POST)
    text = selection.text
    selection.restore()
    messages.success(request, f"Restored {text}.")
    return redirect(_url(request.POST))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: UserRequest) -> HttpResponse:
    """Ask for confirmation. A POST deletes permanently."""
    query = request.POST if request.method == "POST" else request.GET
    selection = Selection.named(request.user, query)
    text = selection.text
    if request.method == "POST":
        selection.delete()
        messages.success(request, f"Deleted {text} for good.")
        return redirect(_url(query))
    context = {"query": query.items(), "text": text, "bytes": selection.files.total_bytes(), "url": _url(query)}
    return render(request, "todos/trash_delete.html", context)


def _url(query: Mapping[str, Any]) -> str:
    """Return the URL of the trash, with the kind of what the form names."""
    return reverse("todos:trash", query={"kind": query["kind"]} if "kind" in query else None)


def _named(items: Deleted, query: Mapping[str, Any]) -> Deleted:
    """Filter by an id or by the time of a deletion. Raise Http404 if both are missing or invalid."""
    try:
        if "item" in query:
            return items.filter(pk=query["item"])
        return items.filter(deleted_at=datetime.fromisoformat(query.get("deleted", "")).astimezone(UTC))
    except (ValueError, OverflowError, ValidationError):
        raise Http404 from None
