"""Responses of the pages of to-dos: a redirect, or for htmx the fragments of what a change affects."""

from collections.abc import Sequence
from typing import Any

from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django_htmx.middleware import HtmxDetails

from progress.types import UserRequest
from todos.filters import FilteredList
from todos.live import MAX_CHANGED
from todos.models import Todo
from todos.undo import Batch

TODO_ID = r"[0-9]{1,18}"
"""The pattern of the id of a to-do in a form or a query."""


class HtmxRequest(UserRequest):
    """A request with the attribute that the middleware of django-htmx adds."""

    htmx: HtmxDetails


def get_todo(request: HtmxRequest, todo_id: int) -> Todo:
    """Return the to-do. Raise Http404 if it belongs to another user or is in the trash."""
    return get_object_or_404(Todo.objects.visible_to(request.user), pk=todo_id)


def row_response(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Return the response to a change of one to-do, which updates its row or removes it from the filtered list."""
    todo_list = FilteredList.of(request)
    todo = get_object_or_404(todo_list.all_todos.for_rows(), pk=todo_id)
    if todo_list.contains(todo):
        return list_response(request, todo_list, rows=[todo])
    return list_response(request, todo_list, [todo], removed=todo)


def written_todos(ids: list[int]) -> list[Todo]:
    """Return the versions and positions of the to-dos that a request has changed."""
    return list(Todo.objects.filter(pk__in=ids[:MAX_CHANGED]).only("version", "order"))


def list_response(
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
    the list in between, nothing in the response is older than the versions in it, and the stream reports that change.
    """
    if not request.htmx:
        return redirect(todo_list.page_url(undo=batch.id) if batch else todo_list.url)
    context |= {"list": todo_list, "counts": todo_list.counts(), "batch": batch, "written": written}
    return render(request, "todos/_response.html", context)


def form_error_response(form: BaseForm) -> HttpResponse:
    """Return the errors of a form that has no page of its own to show them."""
    return error_response(error_text(form))


def error_response(text: str) -> HttpResponse:
    return HttpResponse(text, status=422, content_type="text/plain")


def error_text(form: BaseForm) -> str:
    return " ".join(str(text) for texts in form.errors.values() for text in texts)
