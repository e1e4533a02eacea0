"""The filter of a list, which pages and the API share, and the filtered list that a page shows."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from itertools import groupby
from typing import Any, Self
from urllib.parse import unquote, urlencode

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import BadRequest, PermissionDenied, ValidationError
from django.db.models import Count, Q
from django.urls import reverse
from django.utils import timezone

from progress.pagination import InvalidCursor, fetch_page
from progress.types import UserRequest
from todos.models import Todo, TodoQuerySet
from todos.time_zones import get_time_zone

PAGE_SIZE = 100
NEXT_PAGE_SIZE = 50
"""The size of all pages but the first: a browser appends them to a list that may have thousands of rows already."""

MAX_SEARCH_LENGTH = 200
HIDE_COMPLETED_COOKIE = "hide_completed"
"""The cookie of browsers in which the user has hidden completed to-dos."""

STATUSES = {"all": "All", "active": "Active", "completed": "Completed"}
DATE_STATUSES = {"today": "Today", "upcoming": "Upcoming"}
"""Lists of active to-dos by due date: overdue or due today, and due later. They are sorted by due date."""

TITLES = {"all": "To-dos", "active": "Active to-dos", "completed": "Completed to-dos", **DATE_STATUSES}
EMPTY_TEXTS = {
    "all": "",
    "active": "No active to-dos.",
    "completed": "No completed to-dos.",
    "today": "Nothing is due today.",
    "upcoming": "Nothing is due after today.",
}
INVALID_FILTER = (
    "Use ?filter=all, active, completed, today or upcoming, and a ?q= of at most "
    f"{MAX_SEARCH_LENGTH} characters. ?time_zone= is the IANA name of a time zone."
)


@dataclass(frozen=True)
class Cursor:
    """The last to-do of a page, after which the next page begins. Lists that are sorted by due date have `due_on`."""

    order: int
    todo_id: int
    due_on: date | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the cursor from its text. Raise ValueError."""
        *due_on, order, todo_id = text.split("_")
        return cls(int(order), int(todo_id), *map(date.fromisoformat, due_on))

    def __str__(self) -> str:
        position = f"{self.order}_{self.todo_id}"
        return f"{self.due_on}_{position}" if self.due_on else position


class FilterForm(forms.Form):
    """Validates the query parameters of a filter."""

    filter = forms.TypedChoiceField(
        choices=list({**STATUSES, **DATE_STATUSES}.items()), required=False, empty_value="all"
    )
    q = forms.CharField(max_length=MAX_SEARCH_LENGTH, required=False)
    time_zone = forms.CharField(required=False)
    cursor = forms.CharField(required=False)

    def clean_time_zone(self) -> str:
        if (name := self.cleaned_data["time_zone"]) and not get_time_zone(name):
            raise ValidationError("invalid")
        return str(name)

    def clean_cursor(self) -> Cursor | None:
        """Return None for the first page."""
        if not (text := self.cleaned_data["cursor"]):
            return None
        try:
            cursor = Cursor.parse(text)
        except (ValueError, TypeError):
            raise ValidationError("invalid") from None
        if (cursor.due_on is not None) != (self.cleaned_data.get("filter") in DATE_STATUSES):
            raise ValidationError("invalid")
        return cursor


@dataclass(frozen=True)
class TodoFilter:
    status: str = "all"
    q: str = ""
    time_zone: str = ""
    """The IANA name of the time zone in which "today" is meant. If empty, the time zone of the request."""

    cursor: Cursor | None = None

    @classmethod
    def of(cls, parameters: Mapping[str, Any], *, strict: bool) -> Self:
        """Return the filter that these query parameters name.

        Invalid parameters are ignored, or raise BadRequest if `strict`.
        """
        form = FilterForm(parameters)
        if not form.is_valid() and strict:
            raise InvalidCursor if set(form.errors) == {"cursor"} else BadRequest(INVALID_FILTER)
        valid = form.cleaned_data
        return cls(valid.get("filter", "all"), valid.get("q", ""), valid.get("time_zone", ""), valid.get("cursor"))

    @property
    def is_by_date(self) -> bool:
        return self.status in DATE_STATUSES

    def today(self) -> date:
        return timezone.localdate(timezone=get_time_zone(self.time_zone) if self.time_zone else None)

    def apply(self, todos: TodoQuerySet) -> TodoQuerySet:
        """Filter by status and search text. The cursor is left to `apply_cursor`."""
        match self.status:
            case "active":
                todos = todos.active()
            case "completed":
                todos = todos.completed()
            case "today":
                todos = todos.active().filter(due_on__lte=self.today())
            case "upcoming":
                todos = todos.active().filter(due_on__gt=self.today())
        return todos.search(self.q)

    def apply_cursor(self, todos: TodoQuerySet) -> TodoQuerySet:
        """Sort the filtered to-dos, and return those after the cursor."""
        todos = todos.in_due_order() if self.is_by_date else todos.in_order()
        return todos.after(**asdict(self.cursor)) if self.cursor else todos

    def cursor_after(self, todo: Todo) -> str:
        """Return the cursor of the page that begins after this to-do."""
        return str(Cursor(todo.order, todo.pk, todo.due_on if self.is_by_date else None))


@dataclass(frozen=True)
class Group:
    """Consecutive to-dos under a heading."""

    heading: str
    todos: list[Todo]


@dataclass(frozen=True)
class Page:
    todos: list[Todo]
    next: str
    """The URL of the next page, or an empty string."""

    @property
    def groups(self) -> Iterator[Group]:
        """The to-dos of a list by due date, by the headings of their dates."""
        for heading, todos in groupby(self.todos, lambda todo: todo.due.heading if todo.due else ""):
            yield Group(heading, list(todos))


@dataclass(frozen=True)
class Counts:
    """The numbers of to-dos that `FilteredList.counted` has."""

    total: int
    active: int

    @property
    def completed(self) -> int:
        return self.total - self.active


class CompletedSection(StrEnum):
    """Where a page shows completed to-dos, if not in place: nowhere, or after the others."""

    COLLAPSED = "collapsed"
    EXPANDED = "expanded"


@dataclass(frozen=True)
class FilteredList:
    """The part of a user's list that a page shows: its to-dos, URLs and texts."""

    owner: User
    filter: TodoFilter
    section: CompletedSection | None = None
    """None if completed to-dos are in place, as in search results and in all lists but the one of all to-dos."""

    @classmethod
    def of(cls, request: UserRequest, status: str = "all") -> Self:
        """Return the list that the query names, or the form if the request is a change.

        Raise PermissionDenied if the page of the request was loaded by a user who is no longer logged in.
        """
        if unquote(request.headers.get("X-User", "")) not in ("", request.user.get_username()):
            raise PermissionDenied("You are logged in as someone else now. Reload the page to continue.")
        parameters = request.POST if request.method == "POST" else request.GET
        todo_filter = TodoFilter.of({"filter": status, **parameters.dict()}, strict=False)
        has_section = todo_filter.status == "all" and not todo_filter.q
        return cls(request.user, todo_filter, _section(request, parameters) if has_section else None)

    @property
    def all_todos(self) -> TodoQuerySet:
        return Todo.objects.visible_to(self.owner)

    @property
    def todos(self) -> TodoQuerySet:
        """The to-dos on all pages of the filtered list, unordered."""
        todos = self.filter.apply(self.all_todos)
        return todos.active() if self.section == CompletedSection.COLLAPSED else todos

    @property
    def counted(self) -> TodoQuerySet:
        """The to-dos that the counts include and that "Mark all" changes, whatever the search text is.

        The lists by date count only their own to-dos, the others all to-dos of the user.
        """
        return replace(self.filter, q="").apply(self.all_todos) if self.filter.is_by_date else self.all_todos

    @property
    def hides_completed(self) -> bool:
        return self.section is not None

    @property
    def is_section_expanded(self) -> bool:
        return self.section == CompletedSection.EXPANDED

    @property
    def section_url(self) -> str:
        """The URL of the page with the section collapsed if it is expanded, or expanded if it is collapsed."""
        opposite = CompletedSection.COLLAPSED if self.is_section_expanded else CompletedSection.EXPANDED
        return replace(self, section=opposite).url

    @property
    def default_due_on(self) -> date | None:
        """The due date of a to-do that is added to this list without a date, so that the list has it."""
        days_ahead = {"today": 0, "upcoming": 1}.get(self.filter.status)
        return None if days_ahead is None else self.filter.today() + timedelta(days=days_ahead)

    def page(self) -> Page:
        size = NEXT_PAGE_SIZE if self.filter.cursor else PAGE_SIZE
        found = self.todos.active() if self.section else self.todos
        todos, has_next = fetch_page(self.filter.apply_cursor(found.for_rows()), size)
        return Page(todos, self.page_url(cursor=self.filter.cursor_after(todos[-1])) if has_next else "")

    def section_todos(self) -> list[Todo]:
        """Return the first completed to-dos, if the page shows them after the others."""
        if not self.is_section_expanded:
            return []
        return list(self.all_todos.completed().for_rows()[:PAGE_SIZE])

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
        return Counts(**self.counted.aggregate(total=Count("pk"), active=Count("pk", filter=Q(completed_at=None))))

    @property
    def path(self) -> str:
        return reverse("todos:index" if self.filter.status == "all" else f"todos:{self.filter.status}")

    @property
    def url(self) -> str:
        return self.page_url()

    def page_url(self, **parameters: Any) -> str:
        if self.filter.q:
            parameters = {"q": self.filter.q, **parameters}
        if self.is_section_expanded:
            parameters = {"section": self.section, **parameters}
        query = urlencode(parameters)
        return f"{self.path}?{query}" if query else self.path

    def links(self) -> Iterator[tuple[str, str, str]]:
        """Yield the status, label and URL of the list with each status and the same search text."""
        for status, label in STATUSES.items():
            yield status, label, replace(self, filter=replace(self.filter, status=status), section=None).url

    @property
    def title(self) -> str:
        return TITLES[self.filter.status]

    @property
    def heading(self) -> str:
        """The heading of the page. It stays when the filter changes without a reload."""
        return self.title if self.filter.is_by_date else TITLES["all"]

    @property
    def empty_text(self) -> str:
        """The text to show if no to-do matches the filter."""
        if self.filter.q:
            return f"No to-dos match “{self.filter.q}”."
        return "Everything is done." if self.section else EMPTY_TEXTS[self.filter.status]


def _section(request: UserRequest, parameters: Mapping[str, Any]) -> CompletedSection | None:
    """Return the section that the page has. The cookie may have changed since the page was loaded."""
    if (name := parameters.get("section")) is not None:
        return next((section for section in CompletedSection if section == name), None)
    return CompletedSection.COLLAPSED if request.COOKIES.get(HIDE_COMPLETED_COOKIE) else None
