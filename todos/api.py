"""The JSON API of to-dos, which implements the Todo-Backend specification.

The ETag of a to-do contains its version. With If-Match, a request does not overwrite a change made by another request.
"""

from typing import Any

from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import parse_etags
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from progress.types import UserRequest
from todos.fields import API_FIELDS
from todos.filters import TodoFilter
from todos.forms.api import split_quick_add, validate_json
from todos.models import Attachment, Todo
from uploads.http.conditional import conditional_response
from uploads.http.json_api import ApiError, list_response, read_object
from uploads.models import Upload

PAGE_SIZE = 100


@never_cache
@require_http_methods(["GET", "HEAD", "POST", "DELETE"])
def index(request: UserRequest) -> HttpResponse:
    if request.method == "POST":
        return _add(request)
    return _clear(request) if request.method == "DELETE" else _list(request)


@never_cache
@require_http_methods(["GET", "HEAD", "PATCH", "DELETE"])
def detail(request: UserRequest, todo_id: int) -> HttpResponseBase:
    if request.method == "PATCH":
        return _change(request, todo_id)
    if request.method == "DELETE":
        return _delete(request, todo_id)
    todo = _get(request, todo_id)
    response = _response(request, todo)
    if Attachment.objects.filter(todo=todo).exists():  # deleting an upload doesn't change the version of the to-do
        return response
    return conditional_response(request, todo.etag, response)


@never_cache
@require_safe
def preview(request: UserRequest) -> HttpResponse:
    """Return the title and due date that a POST with this `quick_add` line would save."""
    line, time_zone = (request.GET.get(name, "") for name in ("quick_add", "time_zone"))
    return JsonResponse(split_quick_add(line, time_zone))


def as_json(todo: Todo, request: HttpRequest) -> dict[str, Any]:
    computed = {
        "url": request.build_absolute_uri(reverse("todos:api-detail", args=[todo.pk])),
        "completed": todo.is_completed,
        "attachments": [_upload_json(attachment.upload, request) for attachment in todo.visible_attachments],
    }
    return {name: computed[name] if name in computed else getattr(todo, name) for name in API_FIELDS}


def _upload_json(upload: Upload, request: HttpRequest) -> dict[str, Any]:
    return {
        "id": upload.pk,
        "url": request.build_absolute_uri(reverse("uploads:api-detail", args=[upload.pk])),
        "name": upload.name,
        "size": upload.size,
        "content_type": upload.content_type,
        "download_url": request.build_absolute_uri(reverse("uploads:download", args=[upload.pk])),
    }


def _list(request: UserRequest) -> HttpResponse:
    todo_filter = TodoFilter.of(request.GET, strict=True)
    todos = todo_filter.apply(Todo.objects.visible_to(request.user).for_list())
    return list_response(request, todo_filter.apply_cursor(todos), PAGE_SIZE, as_json, todo_filter.cursor_after)


def _add(request: UserRequest) -> HttpResponse:
    """Add a to-do. A date at the end of `quick_add` becomes its due date, while `title` is stored as it is."""
    todo = validate_json(read_object(request), Todo(owner=request.user)).save()
    response = _response(request, _get(request, todo.pk), status=201)
    response["Location"] = request.build_absolute_uri(reverse("todos:api-detail", args=[todo.pk]))
    return response


def _clear(request: UserRequest) -> HttpResponse:
    """Move all to-dos, or the completed ones, to the trash."""
    todos = Todo.objects.visible_to(request.user)
    match request.GET.get("completed"):
        case None:
            todos.trash()
        case "true":
            todos.completed().trash()
        case _:
            raise BadRequest("Use ?completed=true to delete the completed to-dos, or no query to delete all.")
    return JsonResponse([], safe=False)


@transaction.atomic
def _change(request: UserRequest, todo_id: int) -> HttpResponse:
    todo = _locked(request, todo_id)
    validate_json(read_object(request), todo).save()
    return _response(request, _get(request, todo_id))


@transaction.atomic
def _delete(request: UserRequest, todo_id: int) -> HttpResponse:
    Todo.objects.filter(pk=_locked(request, todo_id).pk).trash()
    return HttpResponse(status=204)


def _get(request: UserRequest, todo_id: int) -> Todo:
    return get_object_or_404(Todo.objects.visible_to(request.user).for_list(), pk=todo_id)


def _locked(request: UserRequest, todo_id: int) -> Todo:
    """Return the to-do, locked until the end of the transaction. Raise ApiError if If-Match doesn't match."""
    todos = Todo.objects.visible_to(request.user).for_list().select_for_update(no_key=True)
    todo = get_object_or_404(todos, pk=todo_id)
    # A proxy that compresses responses makes ETags weak. Ours identify a version, so the weak form is as good.
    expected = [etag.removeprefix("W/") for etag in parse_etags(request.headers.get("If-Match", "*"))]
    if "*" not in expected and todo.etag not in expected:
        detail = (
            "The to-do has changed since you read it. `current` is its new state. Repeat the request with its ETag."
        )
        raise ApiError(412, detail, current=as_json(todo, request))
    return todo


def _response(request: UserRequest, todo: Todo, status: int = 200) -> HttpResponse:
    return JsonResponse(as_json(todo, request), status=status, headers={"ETag": todo.etag})
