"""The filter of a list, which pages and the API share, and the filtered list that a page shows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import unquote, urlencode

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.urls import reverse

from progress.types import UserRequest
from todos.models import Todo, TodoQuerySet
from uploads.http.pagination import InvalidCursor, fetch_page

PAGE_SIZE = 100
NEXT_PAGE_SIZE = 50
"""The size of all pages but the first: a browser appends them to a list that may have thousands of rows already."""

MAX_SEARCH_LENGTH = 200
STATUSES = {"all": "All", "active": "Active", "completed": "Completed"}
TITLES = {"all": "To-dos", "active": "Active to-dos", "completed": "Completed to-dos"}
EMPTY_TEXTS = {"all": "", "active": "No active to-dos.", "completed": "No completed to-dos."}
INVALID_FILTER = f"Use ?filter=all, active or completed, and a ?q= of at most {MAX_SEARCH_LENGTH} characters."


class FilterForm(forms.Form):
    """Validates the query parameters of a filter."""

    filter = forms.TypedChoiceField(choices=list(STATUSES.items()), required=False, empty_value="all")
    q = forms.CharField(max_length=MAX_SEARCH_LENGTH, required=False)
    cursor = forms.CharField(required=False)

    def clean_cursor(self) -> tuple[int, int] | None:
        """Return the order and the id of the last to-do of the page before. None is the first page."""
        if not (cursor := self.cleaned_data["cursor"]):
            return None
        order, _, todo_id = cursor.partition("_")
        try:
            return int(order), int(todo_id)
        except ValueError:
            raise ValidationError("invalid") from None


@dataclass(frozen=True)
class TodoFilter:
    status: str = "all"
    q: str = ""
    cursor: tuple[int, int] | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, Any], *, strict: bool) -> Self:
        """Return the filter that these query parameters name.

        Invalid parameters are ignored, or raise BadRequest if `strict`.
        """
        form = FilterForm(parameters)
        if not form.is_valid() and strict:
            raise InvalidCursor if "cursor" in form.errors else BadRequest(INVALID_FILTER)
        valid = form.cleaned_data
        return cls(valid.get("filter", "all"), valid.get("q", ""), valid.get("cursor"))

    def apply(self, todos: TodoQuerySet) -> TodoQuerySet:
        """Filter by status and search text. The cursor is left to `apply_cursor`."""
        match self.status:
            case "active":
                todos = todos.active()
            case "completed":
                todos = todos.completed()
        return todos.search(self.q)

    def apply_cursor(self, todos: TodoQuerySet) -> TodoQuerySet:
        return todos.after_position(*self.cursor) if self.cursor else todos


def cursor_after(todo: Todo) -> str:
    """Return the cursor of the page that begins after this to-do."""
    return f"{todo.order}_{todo.pk}"


@dataclass(frozen=True)
class Page:
    todos: list[Todo]
    next: str
    """The URL of the next page, or an empty string."""


@dataclass(frozen=True)
class Counts:
    """The numbers of to-dos of the unfiltered list."""

    total: int
    active: int

    @property
    def completed(self) -> int:
        return self.total - self.active


@dataclass(frozen=True)
class FilteredList:
    """The part of a user's list that a page shows: its to-dos, URLs and texts."""

    owner: User
    filter: TodoFilter

    @classmethod
    def of(cls, request: UserRequest, status: str = "all") -> Self:
        """Return the list that the query names, or the form if the request is a change.

        Raise PermissionDenied if the page of the request was loaded by a user who is no longer logged in.
        """
        if unquote(request.headers.get("X-User", "")) not in ("", request.user.get_username()):
            raise PermissionDenied("You are signed in as someone else now. Reload the page to continue.")
        parameters = request.POST if request.method == "POST" else request.GET
        return cls(request.user, TodoFilter.of({"filter": status, **parameters.dict()}, strict=False))

    @property
    def all_todos(self) -> TodoQuerySet:
        return Todo.objects.visible_to(self.owner)

    @property
    def todos(self) -> TodoQuerySet:
        """The to-dos on all pages of the filtered list, unordered."""
        return self.filter.apply(self.all_todos)

    def page(self) -> Page:
        size = NEXT_PAGE_SIZE if self.filter.cursor else PAGE_SIZE
        todos, has_next = fetch_page(self.filter.apply_cursor(self.todos.for_list()), size)
        return Page(todos, self.page_url(cursor=cursor_after(todos[-1])) if has_next else "")

    def contains(self, todo: Todo) -> bool:
        return self.todos.filter(pk=todo.pk).exists()

    def neighbour(self, todo: Todo, direction: str | None) -> dict[str, int]:
        """Return the arguments of `TodoQuerySet.move` that move the to-do one row up or down in the filtered list.

        The neighbour of the first or the last to-do is the to-do itself.
        """
        others = self.todos.exclude(pk=todo.pk)
        earlier = Q(order__lt=todo.order) | Q(order=todo.order, pk__lt=todo.pk)
        if direction == "up":
            return {"before": (others.filter(earlier).in_reverse_order().first() or todo).pk}
        return {"after": (others.exclude(earlier).in_order().first() or todo).pk}

    def counts(self) -> Counts:
        return Counts(**self.all_todos.aggregate(total=Count("pk"), active=Count("pk", filter=Q(completed_at=None))))

    @property
    def path(self) -> str:
        return reverse("todos:index" if self.filter.status == "all" else f"todos:{self.filter.status}")

    @property
    def url(self) -> str:
        return self.page_url()

    def page_url(self, **parameters: Any) -> str:
        query = urlencode(({"q": self.filter.q} if self.filter.q else {}) | parameters)
        return f"{self.path}?{query}" if query else self.path

    def links(self) -> Iterator[tuple[str, str, str]]:
        """Yield the status, label and URL of the list with each status and the same search text."""
        for status, label in STATUSES.items():
            yield status, label, replace(self, filter=replace(self.filter, status=status)).url

    @property
    def title(self) -> str:
        return TITLES[self.filter.status]

    @property
    def empty_text(self) -> str:
        """The text to show if no to-do matches the filter."""
        return f"No to-dos match “{self.filter.q}”." if self.filter.q else EMPTY_TEXTS[self.filter.status]
