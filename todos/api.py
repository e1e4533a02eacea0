"""/api/todos/: the list for front ends that render by themselves. It meets the Todo-Backend convention.

A to-do's ETag names its version. With If-Match, what somebody else has changed meanwhile is not overwritten.
"""

from typing import Any

from django import forms
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import parse_etags
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from todos.forms import judge, read_line
from todos.models import Attachment, Todo, TodoQuerySet
from uploads.http.conditional import conditional_response
from uploads.http.json_api import ApiError, list_response, read_object
from uploads.http.pagination import InvalidCursor
from uploads.models import Upload

PAGE_SIZE = 100
LONGEST_SEARCH = 200


@never_cache
@require_http_methods(["GET", "HEAD", "POST", "DELETE"])
def index(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return _add(request)
    return _clear(request) if request.method == "DELETE" else _list(request)


@never_cache
@require_http_methods(["GET", "HEAD", "PATCH", "DELETE"])
def detail(request: HttpRequest, todo_id: int) -> HttpResponseBase:
    if request.method == "PATCH":
        return _change(request, todo_id)
    if request.method == "DELETE":
        return _delete(request, todo_id)
    todo = _mine(request, todo_id)
    answer = _answer(request, todo)
    if Attachment.objects.filter(todo=todo).exists():  # a file's own deletion raises no version of the to-do's
        return answer
    return conditional_response(request, todo.etag, answer)


@never_cache
@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """What `quick_add` would make of a line, while a person types it. Nothing is written."""
    line, time_zone = (request.GET.get(name, "") for name in ("quick_add", "time_zone"))
    return JsonResponse(read_line(line, time_zone))


def as_json(todo: Todo, request: HttpRequest) -> dict[str, Any]:
    """The to-do as the contract has it; the request says which host its URLs have."""
    return {
        "id": todo.pk,
        "url": request.build_absolute_uri(reverse("todos:api-detail", args=[todo.pk])),
        "title": todo.title,
        "notes": todo.notes,
        "completed": todo.is_completed,
        "completed_at": todo.completed_at,
        "due_on": todo.due_on,
        "order": todo.order,
        "attachments": [_file_json(attachment.upload, request) for attachment in todo.attachments.all()],
        "created_at": todo.created_at,
        "updated_at": todo.updated_at,
    }


def _file_json(upload: Upload, request: HttpRequest) -> dict[str, Any]:
    return {
        "id": upload.pk,
        "url": request.build_absolute_uri(reverse("uploads:api-detail", args=[upload.pk])),
        "name": upload.name,
        "size": upload.size,
        "content_type": upload.content_type,
        "download_url": request.build_absolute_uri(reverse("uploads:download", args=[upload.pk])),
    }


class Question(forms.Form):
    """Which to-dos are asked for."""

    filter = forms.ChoiceField(choices=[(name, name) for name in ("all", "active", "completed")], required=False)
    q = forms.CharField(max_length=LONGEST_SEARCH, required=False)

    def apply(self, todos: TodoQuerySet) -> TodoQuerySet:
        """Those of them. Raises BadRequest."""
        if self.errors:
            raise BadRequest(
                f"Ask with ?filter=all, active or completed, and with a ?q= of at most {LONGEST_SEARCH} characters."
            )
        chosen = {"active": todos.active, "completed": todos.completed}.get(self.cleaned_data["filter"], todos.all)()
        return chosen.search(self.cleaned_data["q"])


def _list(request: HttpRequest) -> HttpResponse:
    """A page of to-dos, in the list's order. `cursor` is the order of the last one of the page before, and its id."""
    todos = Question(request.GET).apply(Todo.objects.visible_to(request.user).for_list())
    if cursor := request.GET.get("cursor"):
        todos = todos.beyond(*_place(cursor))
    return list_response(request, todos, PAGE_SIZE, as_json, cursor=lambda todo: f"{todo.order}_{todo.pk}")


def _place(cursor: str) -> tuple[int, int]:
    order, _, todo_id = cursor.partition("_")
    try:
        return int(order), int(todo_id)
    except ValueError:
        raise InvalidCursor from None


def _add(request: HttpRequest) -> HttpResponse:
    """Add a to-do: `title` is taken as it is, while a date at the end of `quick_add` becomes the due date."""
    owner: Any = request.user
    todo = judge(read_object(request), Todo(owner=owner)).save()
    response = _answer(request, _mine(request, todo.pk), status=201)
    response["Location"] = request.build_absolute_uri(reverse("todos:api-detail", args=[todo.pk]))
    return response


def _clear(request: HttpRequest) -> HttpResponse:
    """To the trash: all, or those that are completed."""
    todos = Todo.objects.visible_to(request.user)
    match request.GET.get("completed"):
        case None:
            todos.trash()
        case "true":
            todos.clear_completed()
        case _:
            raise BadRequest("DELETE takes ?completed=true for those that are completed, or nothing for all.")
    return JsonResponse([], safe=False)


@transaction.atomic
def _change(request: HttpRequest, todo_id: int) -> HttpResponse:
    todo = _locked(request, todo_id)
    judge(read_object(request), todo).save()
    return _answer(request, _mine(request, todo_id))


@transaction.atomic
def _delete(request: HttpRequest, todo_id: int) -> HttpResponse:
    Todo.objects.filter(pk=_locked(request, todo_id).pk).trash()
    return HttpResponse(status=204)


def _mine(request: HttpRequest, todo_id: int) -> Todo:
    return get_object_or_404(Todo.objects.visible_to(request.user).for_list(), pk=todo_id)


def _locked(request: HttpRequest, todo_id: int) -> Todo:
    """The to-do, which nobody else changes until the end of this transaction. Raises ApiError unless If-Match holds."""
    mine = Todo.objects.visible_to(request.user).for_list().select_for_update(no_key=True)
    todo = get_object_or_404(mine, pk=todo_id)
    # A proxy that compresses makes ETags weak. Ours name a version, not bytes, so that makes no difference.
    wanted = [etag.removeprefix("W/") for etag in parse_etags(request.headers.get("If-Match", "*"))]
    if "*" not in wanted and todo.etag not in wanted:
        detail = "This to-do has changed since. `current` is what it is now: look at it, and send yours again."
        raise ApiError(412, detail, current=as_json(todo, request))
    return todo


def _answer(request: HttpRequest, todo: Todo, status: int = 200) -> HttpResponse:
    return JsonResponse(as_json(todo, request), status=status, headers={"ETag": todo.etag})
