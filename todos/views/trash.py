"""The page of deleted to-dos: when each is permanently deleted, and how to restore one or all of a deletion."""

import re
from datetime import UTC, datetime

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from progress.types import UserRequest
from todos.models import Todo, TodoQuerySet
from todos.retention import TRASH_RETENTION
from todos.views.responses import TODO_ID

PAGE_SIZE = 100


@never_cache
@require_safe
def index(request: UserRequest) -> HttpResponse:
    """Show a page of the trash, newest deletion first."""
    todos = Todo.objects.filter(owner=request.user).in_trash().order_by("-deleted_at", "order", "id")
    page = Paginator(todos, PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "todos/trash.html", {"page": page, "retention": TRASH_RETENTION})


@require_POST
def restore(request: UserRequest) -> HttpResponse:
    """Restore one to-do, or all that were deleted at the same time, and show the trash again."""
    if not _selected(request).restore():
        raise Http404
    return redirect("todos:trash")


def _selected(request: UserRequest) -> TodoQuerySet:
    """Return the to-dos that the form names by an id or by the time of their deletion."""
    trash = Todo.objects.filter(owner=request.user).in_trash()
    todo, deleted = request.POST.get("todo", ""), request.POST.get("deleted", "")
    if re.fullmatch(TODO_ID, todo):
        return trash.filter(pk=todo)
    try:
        return trash.filter(deleted_at=datetime.fromisoformat(deleted).astimezone(UTC))
    except (ValueError, OverflowError):
        return trash.none()
