"""The pages of the list and of one to-do.

Every change is a POST of a form, and its response a redirect to the list. A response to htmx contains fragments
instead, one for each part of the page that the change affects.
"""

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.forms import BaseForm
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.middleware import HtmxDetails

from progress.types import UserRequest
from todos.filters import FilteredList
from todos.forms import EditForm, QuickAddForm
from todos.live import MAX_CHANGED, timestamp
from todos.models import Todo, TodoQuerySet
from todos.undo import Batch

MAX_LINES = 100
"""The number of to-dos that one request can add."""

PK = r"[0-9]{1,18}"


class HtmxRequest(UserRequest):
    """A request with the attribute that the middleware of django-htmx adds."""

    htmx: HtmxDetails


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HtmxRequest, status: str = "all") -> HttpResponse:
    """Show the filtered list. A POST adds a to-do."""
    todo_list = FilteredList.of(request, status)
    form = QuickAddForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        todo = form.save_for(request.user)
        return _response(request, todo_list, [todo], added=[todo] if todo_list.contains(todo) else [])
    if request.htmx:
        return _form_errors(form) if form.errors else _list_fragment(request, todo_list)
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
def add_several(request: HtmxRequest) -> HttpResponse:
    """Add a to-do for each line, or none if one of the lines is invalid."""
    todo_list = FilteredList.of(request)
    lines = [line for line in re.split(r"\r\n|\r|\n", request.POST.get("lines", "")) if line.strip()]
    if not 1 <= len(lines) <= MAX_LINES:
        return _error(f"You can add 1 to {MAX_LINES} lines at a time. To add more, import a file.")
    forms = [QuickAddForm({"title": line, "as_typed": request.POST.get("as_typed")}) for line in lines]
    for number, form in enumerate(forms, start=1):
        if not form.is_valid():
            return _error(f"Nothing was added, because of line {number}: {_error_text(form)}")
    todos = [form.instance for form in forms]
    Todo.objects.append(request.user, todos)
    shown_ids = set(todo_list.todos.filter(pk__in=[todo.pk for todo in todos]).values_list("pk", flat=True))
    return _response(request, todo_list, todos, added=[todo for todo in todos if todo.pk in shown_ids])


def _list_fragment(request: HtmxRequest, todo_list: FilteredList) -> HttpResponse:
    """Render the list with another filter, or its next page."""
    template = "todos/_page.html" if todo_list.filter.cursor else "todos/_list.html"
    return render(request, template, {"list": todo_list, "page": todo_list.page(), "counts": todo_list.counts()})


@never_cache
@require_safe
def changes(request: HtmxRequest) -> HttpResponse:
    """Render the rows of the requested to-dos that match the filter."""
    todo_list = FilteredList.of(request)
    ids = request.GET.getlist("id")
    if len(ids) > MAX_CHANGED or not all(re.fullmatch(PK, pk) for pk in ids):
        raise BadRequest(f"Use ?id=<id>&id=<id> with the ids of at most {MAX_CHANGED} to-dos.")
    is_undone = "undo" in request.GET and not Batch.named(request.user, request.GET["undo"])
    return _response(request, todo_list, rows=list(todo_list.todos.for_list().filter(pk__in=ids)), is_undone=is_undone)


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
    return _form_errors(form)


@require_POST
def toggle(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Mark a to-do as completed or active, whichever the form contains: a repeated request changes nothing."""
    _set_completed(Todo.objects.visible_to(request.user).filter(pk=todo_id), request)
    return row_response(request, todo_id)


@require_POST
def toggle_all(request: HtmxRequest) -> HttpResponse:
    """Mark all to-dos as completed or active, whichever the form contains, regardless of the filter."""
    todo_list = FilteredList.of(request)
    ids = _set_completed(todo_list.all_todos, request)
    written = _written(ids)
    return _response(request, todo_list, written, page=todo_list.page(), batch=Batch.of(request.user, ids))


@require_POST
def move(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Move a to-do right before or after another one, or one row up or down in the filtered list."""
    todo_list = FilteredList.of(request)
    target = _move_target(request) or todo_list.neighbour(get_todo(request, todo_id), request.POST.get("direction"))
    if not todo_list.all_todos.move(todo_id, **target):
        raise Http404
    return _response(request, todo_list, _written([todo_id]))


@require_POST
def delete(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Move a to-do to the trash, and offer to undo that."""
    todo = get_todo(request, todo_id)
    ids = Todo.objects.visible_to(request.user).filter(pk=todo_id).trash()
    todo_list = FilteredList.of(request)
    return _response(request, todo_list, _written(ids), removed=todo, batch=Batch.of(request.user, ids))


@require_POST
def clear_completed(request: HtmxRequest) -> HttpResponse:
    """Move all completed to-dos to the trash, and offer to undo that."""
    todo_list = FilteredList.of(request)
    ids = todo_list.all_todos.completed().trash()
    written = _written(ids)
    return _response(request, todo_list, written, page=todo_list.page(), batch=Batch.of(request.user, ids))


@require_POST
def undo(request: HtmxRequest) -> HttpResponse:
    """Undo a change of several to-dos, except for those that were changed since."""
    batch = Batch.named(request.user, request.POST.get("undo", ""))
    if not batch:
        raise Http404
    written = _written(batch.todos.undo())
    todo_list = FilteredList.of(request)
    return _response(request, todo_list, written, page=todo_list.page(), is_undone=True)


def _set_completed(todos: TodoQuerySet, request: HtmxRequest) -> list[int]:
    return todos.complete() if request.POST.get("completed") else todos.reactivate()


def _move_target(request: HtmxRequest) -> dict[str, int]:
    """Return the arguments of `TodoQuerySet.move` that the form contains, if any."""
    sides = ((side, request.POST.get(side, "")) for side in ("before", "after"))
    return next(({side: int(pk)} for side, pk in sides if re.fullmatch(PK, pk)), {})


def get_todo(request: HtmxRequest, todo_id: int) -> Todo:
    """Return the to-do. Raises Http404 if it belongs to another user or is in the trash."""
    return get_object_or_404(Todo.objects.visible_to(request.user), pk=todo_id)


def row_response(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Return the response to a change of one to-do, which updates its row or removes it from the filtered list."""
    todo_list = FilteredList.of(request)
    todo = get_object_or_404(todo_list.all_todos.for_list(), pk=todo_id)
    if todo_list.contains(todo):
        return _response(request, todo_list, changed=todo)
    return _response(request, todo_list, [todo], removed=todo)


def _written(ids: list[int]) -> list[Todo]:
    """Return the versions and positions of the to-dos that a request has changed."""
    return list(Todo.objects.filter(pk__in=ids[:MAX_CHANGED]).only("version", "order"))


def _response(
    request: HtmxRequest,
    todo_list: FilteredList,
    written: Sequence[Todo] = (),
    batch: Batch | None = None,
    **context: Any,
) -> HttpResponse:
    """Return a redirect to the list, or for htmx the fragments of what the change affects.

    `written` are changed to-dos that may have no row in the response. Their versions tell the page that it need not
    fetch them when the stream reports the change.

    The caller reads `written` first and the rows after it, and the counts are read last. So if another request changes
    the list meanwhile, nothing in the response is older than the versions in it, and the stream reports that change.
    """
    if not request.htmx:
        return redirect(todo_list.page_url(undo=batch.id) if batch else todo_list.url)
    context |= {"counts": todo_list.counts(), "batch": batch, "written": written}
    return render(request, "todos/_response.html", context)


def _form_errors(form: BaseForm) -> HttpResponse:
    """Return the errors of a form that has no page of its own to show them."""
    return _error(_error_text(form))


def _error(text: str) -> HttpResponse:
    return HttpResponse(text, status=422, content_type="text/plain")


def _error_text(form: BaseForm) -> str:
    return " ".join(str(text) for texts in form.errors.values() for text in texts)
