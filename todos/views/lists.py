"""The pages of the list, and the changes of several to-dos.

Every change is a POST of a form, and its response a redirect to the list. A response to htmx contains fragments
instead, one for each part of the page that the change affects.
"""

import re
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from todos.filters import HIDE_COMPLETED_COOKIE, FilteredList
from todos.forms.pages import QuickAddForm
from todos.live import MAX_CHANGED, timestamp
from todos.models import Todo
from todos.undo import Batch
from todos.views.responses import (
    TODO_ID,
    HtmxRequest,
    error_response,
    error_text,
    form_error_response,
    list_response,
    written_todos,
)

MAX_LINES = 100
"""The number of to-dos that one request can add."""

HIDE_COMPLETED_AGE = timedelta(days=400)
"""The lifetime of the cookie, the longest that browsers accept."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HtmxRequest, status: str = "all") -> HttpResponse:
    """Show the filtered list. A POST adds a to-do."""
    todo_list = FilteredList.of(request, status)
    todo = Todo(due_on=todo_list.default_due_on)
    form = QuickAddForm(request.POST if request.method == "POST" else None, instance=todo)
    if form.is_valid():
        todo = form.save_for(request.user)
        return list_response(request, todo_list, [todo], added=[todo] if todo_list.contains(todo) else [])
    if request.htmx:
        return form_error_response(form) if form.errors else _list_fragment(request, todo_list)
    context = {
        "since": timestamp(),
        "form": form,
        "list": todo_list,
        "page": todo_list.page(),
        "counts": todo_list.counts(),
        "batch": Batch.named(request.user, request.GET.get("undo", "")),
        "max_bytes": settings.MAX_UPLOAD_BYTES,
    }
    return render(request, "todos/index.html", context, status=422 if form.errors else 200)


@require_POST
def hide_completed(request: HtmxRequest) -> HttpResponse:
    """Hide completed to-dos in this browser, or show them in place."""
    response = redirect("todos:index")
    if request.POST.get("hide"):
        response.set_cookie(
            HIDE_COMPLETED_COOKIE,
            "true",
            max_age=HIDE_COMPLETED_AGE,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    else:
        response.delete_cookie(HIDE_COMPLETED_COOKIE, samesite="Lax")
    return response


@require_POST
def add_several(request: HtmxRequest) -> HttpResponse:
    """Add a to-do for each line, or none if one of the lines is invalid."""
    todo_list = FilteredList.of(request)
    lines = [line for line in re.split(r"\r\n|\r|\n", request.POST.get("lines", "")) if line.strip()]
    if not 1 <= len(lines) <= MAX_LINES:
        return error_response(f"You can add 1 to {MAX_LINES} lines at a time. To add more, import a file.")
    todos = [Todo(due_on=todo_list.default_due_on) for _ in lines]
    as_typed = request.POST.get("as_typed")
    forms = [
        QuickAddForm({"title": line, "as_typed": as_typed}, instance=todo)
        for line, todo in zip(lines, todos, strict=True)
    ]
    for number, form in enumerate(forms, start=1):
        if not form.is_valid():
            return error_response(f"Nothing was added, because of line {number}: {error_text(form)}")
    Todo.objects.append(request.user, todos)
    shown_ids = set(todo_list.todos.filter(pk__in=[todo.pk for todo in todos]).values_list("pk", flat=True))
    return list_response(request, todo_list, todos, added=[todo for todo in todos if todo.pk in shown_ids])


@never_cache
@require_safe
def changes(request: HtmxRequest) -> HttpResponse:
    """Render the rows of the requested to-dos that match the filter."""
    todo_list = FilteredList.of(request)
    ids = request.GET.getlist("id")
    if len(ids) > MAX_CHANGED or not all(re.fullmatch(TODO_ID, pk) for pk in ids):
        raise BadRequest(f"Use ?id=<id>&id=<id> with the ids of at most {MAX_CHANGED} to-dos.")
    is_undone = "undo" in request.GET and not Batch.named(request.user, request.GET["undo"])
    return list_response(
        request, todo_list, rows=list(todo_list.todos.for_rows().filter(pk__in=ids)), is_undone=is_undone
    )


@require_POST
def toggle_all(request: HtmxRequest) -> HttpResponse:
    """Mark all counted to-dos as completed or active, whichever the form contains."""
    todo_list = FilteredList.of(request)
    ids = todo_list.counted.set_completed(bool(request.POST.get("completed")))
    written = written_todos(ids)
    return list_response(request, todo_list, written, page=todo_list.page(), batch=Batch.of(request.user, ids))


@require_POST
def clear_completed(request: HtmxRequest) -> HttpResponse:
    """Move all completed to-dos to the trash, and offer to undo the deletion."""
    todo_list = FilteredList.of(request)
    ids = todo_list.all_todos.completed().trash()
    written = written_todos(ids)
    return list_response(request, todo_list, written, page=todo_list.page(), batch=Batch.of(request.user, ids))


@require_POST
def undo(request: HtmxRequest) -> HttpResponse:
    """Undo a change of several to-dos, except for those that were changed since."""
    batch = Batch.named(request.user, request.POST.get("undo", ""))
    if not batch:
        raise Http404
    written = written_todos(batch.todos.undo())
    todo_list = FilteredList.of(request)
    return list_response(request, todo_list, written, page=todo_list.page(), is_undone=True)


def _list_fragment(request: HtmxRequest, todo_list: FilteredList) -> HttpResponse:
    """Render the list with another filter, or its next page."""
    template = "todos/_page.html" if todo_list.filter.cursor else "todos/_list.html"
    return render(request, template, {"list": todo_list, "page": todo_list.page(), "counts": todo_list.counts()})
