"""Attaching files to a to-do, and detaching.

The page of a to-do attaches a new file, which JavaScript or the form itself uploads. The page of files attaches those
that are selected there to a to-do that the user chooses.
"""

import re

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import pluralize
from django.views.decorators.http import require_POST

from todos.filters import MAX_SEARCH_LENGTH
from todos.forms.pages import EditForm
from todos.models import Todo
from todos.views.responses import TODO_ID, HtmxRequest, get_todo, row_response
from uploads.forms import UploadForm
from uploads.models import Upload
from uploads.receiving.limits import accepts_files
from uploads.selection import selected_uploads

MAX_CHOICES = 20
"""The number of to-dos to choose from. The user finds others by search."""


@accepts_files
@require_POST
def attach(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Attach an existing upload, or the file of the form."""
    todo = get_todo(request, todo_id)
    if "upload" in request.POST:
        if not todo.attach(_upload(request)):
            raise Http404
        return row_response(request, todo_id)
    form = UploadForm(request.POST, request.FILES, owner=request.user)
    if form.is_valid() and (upload := form.save()):
        if not todo.attach(upload):
            raise Http404
        return redirect(todo)
    context = {"form": EditForm(instance=todo), "file_form": form, "todo": todo}
    return render(request, "todos/edit.html", context, status=form.status())


@require_POST
def detach(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Detach an upload. The upload itself is kept."""
    todo = get_todo(request, todo_id)
    todo.detach(_upload(request))
    return redirect(todo)


@require_POST
def attach_files(request: HtmxRequest) -> HttpResponse:
    """Attach the selected uploads to the to-do that the form names, or show to-dos to choose from."""
    uploads = selected_uploads(request)
    todo_id = request.POST.get("todo")
    if todo_id is None:
        return _show_choices(request, uploads)
    if not re.fullmatch(TODO_ID, todo_id):
        raise Http404
    todo = get_todo(request, int(todo_id))
    count = todo.attach(*uploads)
    if not count:
        raise Http404
    if request.htmx:
        return render(request, "todos/_attached.html", {"todo": todo, "count": count})
    messages.success(request, f"Attached {count} file{pluralize(count)} to “{todo.title}”.")
    return redirect("uploads:index")


def _show_choices(request: HtmxRequest, uploads: list[Upload]) -> HttpResponse:
    """Show active to-dos, or all to-dos that match the search text."""
    text = request.POST.get("search", "").strip()[:MAX_SEARCH_LENGTH]
    todos = Todo.objects.visible_to(request.user)
    found = todos.search(text) if text else todos.active()
    context = {"uploads": uploads, "search": text, "todos": found.in_order()[:MAX_CHOICES]}
    return render(request, "todos/_attach_files.html" if request.htmx else "todos/attach_files.html", context)


def _upload(request: HtmxRequest) -> Upload:
    """Return the upload that the form names. Raise Http404."""
    try:
        return get_object_or_404(Upload.objects.visible_to(request.user), pk=request.POST.get("upload"))
    except ValidationError:  # not a UUID
        raise Http404 from None
