"""The pages of the list. Each change is a form's POST, answered by a redirect back to the list; htmx gets fragments
instead, of all that the change has made different.
"""

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.middleware import HtmxDetails

from todos.filters import Listing
from todos.forms import EditForm, QuickAddForm
from todos.live import MOST_CHANGED, stamp
from todos.models import Todo, TodoQuerySet
from todos.undo import Batch

MAX_LINES = 100
"""The number of lines that can be added by one request."""

PK = r"[0-9]{1,18}"


class HtmxRequest(HttpRequest):
    """As the middleware of django-htmx leaves it."""

    htmx: HtmxDetails


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HtmxRequest, filter: str = "all") -> HttpResponse:
    """The list, or a part of it; a POST adds to it."""
    listing = Listing.of(request, filter)
    form = QuickAddForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        todo = form.save_for(request.user)
        return _answer(request, listing, [todo], added=[todo] if listing.shows(todo) else [])
    if request.htmx:
        return _refusal(form) if form.errors else _part(request, listing)
    shown = {
        "since": stamp(),
        "form": form,
        "listing": listing,
        "page": listing.page(request.GET.get("after", "")),
        "counts": listing.counts(),
        "batch": Batch.named(request.user, request.GET.get("undo", "")),
        "max_bytes": settings.MAX_UPLOAD_BYTES,
    }
    return render(request, "todos/index.html", shown, status=422 if form.errors else 200)


@require_POST
def add_several(request: HtmxRequest) -> HttpResponse:
    """Add a to-do for each line, or none at all if one of the lines is invalid."""
    listing = Listing.of(request)
    lines = [line for line in re.split(r"\r\n|\r|\n", request.POST.get("lines", "")) if line.strip()]
    if not 1 <= len(lines) <= MAX_LINES:
        return _refusal_text(f"At most {MAX_LINES} lines can be added at once. For more, import a file.")
    forms = [QuickAddForm({"title": line, "as_typed": request.POST.get("as_typed")}) for line in lines]
    for number, form in enumerate(forms, start=1):
        if not form.is_valid():
            return _refusal_text(f"Nothing was added, because of line {number}: {_error_text(form)}")
    todos = [form.instance for form in forms]
    Todo.objects.append(request.user, todos)
    shown = set(listing.todos.filter(pk__in=[todo.pk for todo in todos]).values_list("pk", flat=True))
    return _answer(request, listing, todos, added=[todo for todo in todos if todo.pk in shown])


def _part(request: HtmxRequest, listing: Listing) -> HttpResponse:
    """Another list in the place of the one that is shown, or the next page of it."""
    after = request.GET.get("after", "")
    shown = {"listing": listing, "page": listing.page(after), "counts": listing.counts()}
    return render(request, "todos/_page.html" if after else "todos/_list.html", shown)


@never_cache
@require_safe
def changes(request: HtmxRequest) -> HttpResponse:
    """Of these to-dos, which somebody has changed elsewhere, the rows as they are now: those that this list shows."""
    listing = Listing.of(request)
    ids = request.GET.getlist("id")
    if len(ids) > MOST_CHANGED or not all(re.fullmatch(PK, pk) for pk in ids):
        raise BadRequest(f"Ask with ?id=<id>&id=<id>, for at most {MOST_CHANGED} to-dos at once.")
    is_undone = "undo" in request.GET and not Batch.named(request.user, request.GET["undo"])
    return _answer(request, listing, rows=list(listing.todos.for_list().filter(pk__in=ids)), is_undone=is_undone)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """All of one to-do."""
    todo = mine(request, todo_id)
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
    form = QuickAddForm(request.POST, instance=mine(request, todo_id))
    if form.is_valid():
        form.save()
        return answer_changed(request, todo_id)
    return _refusal(form)


@require_POST
def toggle(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Make it completed or active, as the form says, so that doing it twice does no harm."""
    _set_completed(Todo.objects.visible_to(request.user).filter(pk=todo_id), request)
    return answer_changed(request, todo_id)


@require_POST
def toggle_all(request: HtmxRequest) -> HttpResponse:
    """Make all of them completed or active, whatever part of them is shown."""
    listing = Listing.of(request)
    ids = _set_completed(listing.mine, request)
    written = _written(ids)
    return _answer(request, listing, written, page=listing.page(), batch=Batch.of(request.user, ids))


@require_POST
def move(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Bring it right before or after another; or, up or down, past its neighbour in the list that is shown."""
    listing = Listing.of(request)
    place = _place(request) or listing.past_neighbour(mine(request, todo_id), request.POST.get("direction"))
    if not listing.mine.move(todo_id, **place):
        raise Http404
    return _answer(request, listing, _written([todo_id]))


@require_POST
def delete(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """Put it into the trash, and offer to take that back."""
    todo = mine(request, todo_id)
    ids = Todo.objects.visible_to(request.user).filter(pk=todo_id).trash()
    return _answer(request, Listing.of(request), _written(ids), gone=todo, batch=Batch.of(request.user, ids))


@require_POST
def clear_completed(request: HtmxRequest) -> HttpResponse:
    """Put all that are completed into the trash, and offer to take that back."""
    listing = Listing.of(request)
    ids = listing.mine.clear_completed()
    written = _written(ids)
    return _answer(request, listing, written, page=listing.page(), batch=Batch.of(request.user, ids))


@require_POST
def undo(request: HtmxRequest) -> HttpResponse:
    """Undo a change of several to-dos, except for those that were changed since."""
    batch = Batch.named(request.user, request.POST.get("undo", ""))
    if not batch:
        raise Http404
    written = _written(batch.todos.undo())
    listing = Listing.of(request)
    return _answer(request, listing, written, page=listing.page(), is_undone=True)


def _set_completed(todos: TodoQuerySet, request: HtmxRequest) -> list[int]:
    return todos.complete() if request.POST.get("completed") else todos.reactivate()


def _place(request: HtmxRequest) -> dict[str, int]:
    """Next to which other it shall be; nothing if the form doesn't say that."""
    sides = ((side, request.POST.get(side, "")) for side in ("before", "after"))
    return next(({side: int(pk)} for side, pk in sides if re.fullmatch(PK, pk)), {})


def mine(request: HtmxRequest, todo_id: int) -> Todo:
    return get_object_or_404(Todo.objects.visible_to(request.user), pk=todo_id)


def answer_changed(request: HtmxRequest, todo_id: int) -> HttpResponse:
    """The row as it is now; without it, if it isn't in that part of the list any more."""
    listing = Listing.of(request)
    todo = get_object_or_404(listing.mine.for_list(), pk=todo_id)
    if listing.shows(todo):
        return _answer(request, listing, changed=todo)
    return _answer(request, listing, [todo], gone=todo)


def _written(ids: list[int]) -> list[Todo]:
    """What of them a page needs to know that has written them."""
    return list(Todo.objects.filter(pk__in=ids[:MOST_CHANGED]).only("version", "order"))


def _answer(
    request: HtmxRequest, listing: Listing, written: Sequence[Todo] = (), batch: Batch | None = None, **shown: Any
) -> HttpResponse:
    """What is different now: rows, counts, and the offer to take it back. What is written may have no row in the
    answer; where it was changed, nobody need ask for it when the stream tells of that.

    Others may write at any moment, and then the stream tells of that, too. So what is written is read first, the rows
    after it, the counts last: nothing that is shown may be older than what the page takes to be known.
    """
    if not request.htmx:
        return redirect(listing.address(undo=batch.id) if batch else listing.url)
    shown |= {"counts": listing.counts(), "batch": batch, "written": written}
    return render(request, "todos/_answer.html", shown)


def _refusal(form: BaseForm) -> HttpResponse:
    """What is wrong, where the form has no page of its own to say it on."""
    return _refusal_text(_error_text(form))


def _refusal_text(text: str) -> HttpResponse:
    return HttpResponse(text, status=422, content_type="text/plain")


def _error_text(form: BaseForm) -> str:
    return " ".join(str(text) for texts in form.errors.values() for text in texts)
