"""Attaching files to a to-do, by an upload that JavaScript has sent before or by a form with a file, and detaching."""

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from todos.forms.pages import EditForm
from todos.views.responses import HtmxRequest, get_todo, row_response
from uploads.forms import UploadForm
from uploads.models import Upload
from uploads.receiving.limits import accepts_files


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


def _upload(request: HtmxRequest) -> Upload:
    """Return the upload that the form names. Raise Http404."""
    try:
        return get_object_or_404(Upload.objects.visible_to(request.user), pk=request.POST.get("upload"))
    except ValidationError:  # not a UUID
        raise Http404 from None
