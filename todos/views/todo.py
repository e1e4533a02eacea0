"""The page of one to-do, and the changes of one to-do in the list."""

import re

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from todos.filters import FilteredList
from todos.forms.pages import DueForm, EditForm, QuickAddForm
from todos.models import Todo
from todos.undo import Batch
from todos.views.responses import (
    TODO_ID,
    HtmxRequest,
    form_error_response,
    get_todo,
    list_response,
    row_response,
    written_todos,
)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Show and save all fields of a to-do."""
    todo = get_todo(request, todo_id)
    form = EditForm(request.POST if request.method == "POST" else None, instance=todo)
    if form.is_valid():
        form.save()
        return redirect("todos:index")
    return render(request, "todos/edit.html", {"form": form, "todo": todo}, status=422 if form.errors else 200)


@require_POST
def rename(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Change the title of a to-do, and its due date if the new title ends with one. An empty title deletes it."""
    if not request.POST.get("title", "").strip():
        return delete(request, todo_id)
    form = QuickAddForm(request.POST, instance=get_todo(request, todo_id))
    if form.is_valid():
        form.save()
        return row_response(request, todo_id)
    return form_error_response(form)


@require_POST
def toggle(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Mark a to-do as completed or active, whichever the form contains: a repeated request changes nothing."""
    Todo.objects.visible_to(request.user).filter(pk=todo_id).set_completed(bool(request.POST.get("completed")))
    return row_response(request, todo_id)


@require_POST
def due(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Set the due date of a to-do, or clear it."""
    form = DueForm(request.POST, instance=get_todo(request, todo_id))
    if form.is_valid():
        form.save()
        return row_response(request, todo_id)
    return form_error_response(form)


@require_POST
def move(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Move a to-do right before or after another to-do, or one row up or down in the filtered list."""
    todo_list = FilteredList.of(request)
    target = _move_target(request) or todo_list.neighbour(get_todo(request, todo_id), request.POST.get("direction"))
    if not todo_list.all_todos.move(todo_id, **target):
        raise Http404
    return list_response(request, todo_list, written_todos([todo_id]))


@require_POST
def delete(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Move a to-do to the trash, and offer to undo the deletion."""
    todo = get_todo(request, todo_id)
    ids = Todo.objects.visible_to(request.user).filter(pk=todo_id).trash()
    todo_list = FilteredList.of(request)
    return list_response(request, todo_list, written_todos(ids), removed=todo, batch=Batch.of(request.user, ids))


def _move_target(request: HtmxRequest) -> dict[str, int]:
    """Return the arguments of `TodoQuerySet.move` that the form contains, if any."""
    sides = ((side, request.POST.get(side, "")) for side in ("before", "after"))
    return next(({side: int(pk)} for side, pk in sides if re.fullmatch(TODO_ID, pk)), {})
