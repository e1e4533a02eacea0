"""Files that hang on a to-do: attached from the list, where a script has sent them before, or by a form with a file."""

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from todos.forms import EditForm
from todos.views import HtmxRequest, answer_changed, mine
from uploads.forms import UploadForm
from uploads.models import Upload
from uploads.receiving.limits import takes_files


@takes_files
@require_POST
def attach(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Attach an upload that is there already, or the file that comes with the form."""
    todo = mine(request, todo_id)
    if "upload" in request.POST:
        if not todo.attach_also(_upload(request)):
            raise Http404
        return answer_changed(request, todo_id)
    form = UploadForm(request.POST, request.FILES, owner=request.user)
    if form.is_valid() and (upload := form.save()):
        if not todo.attach_also(upload):
            raise Http404
        return redirect(todo)
    shown = {"form": EditForm(instance=todo), "file_form": form, "todo": todo}
    return render(request, "todos/edit.html", shown, status=form.status())


@require_POST
def detach(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Take it off the to-do; the file itself stays among the uploads."""
    todo = mine(request, todo_id)
    todo.detach(_upload(request))
    return redirect(todo)


def _upload(request: HtmxRequest) -> Upload:
    """The one that the form names."""
    try:
        return get_object_or_404(Upload.objects.visible_to(request.user), pk=request.POST.get("upload"))
    except ValidationError:  # not the form of an id
        raise Http404 from None
