"""Which part of somebody's list a page shows: a filter, words that are sought, and how much of it at once.

It knows the addresses of what it shows, so that a page, a fragment of it, and the redirect after a change lead to the
same list.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import unquote, urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest
from django.urls import reverse

from todos.models import Todo, TodoQuerySet
from uploads.http.pagination import fetch_page

PAGE_SIZE = 100
NEXT_PAGE_SIZE = 50
"""The size of all pages but the first: a browser appends them to a list that may have thousands of rows already."""

PLACE = r"(-?[0-9]{1,19})\.([0-9]{1,18})"
"""A to-do's order and id, with which the page after it begins."""

MOST_SOUGHT = 200
FILTERS = {"all": "All", "active": "Active", "completed": "Completed"}
TITLES = {"all": "To-dos", "active": "Active to-dos", "completed": "Completed to-dos"}
NOTHING = {"all": "", "active": "Nothing is left to be done.", "completed": "Nothing is completed yet."}


@dataclass(frozen=True)
class Page:
    todos: list[Todo]
    next: str
    """The address of the page after this one; empty if there is none."""


@dataclass(frozen=True)
class Counts:
    """Of the whole list, whatever part of it is shown."""

    total: int
    active: int

    @property
    def completed(self) -> int:
        return self.total - self.active


@dataclass(frozen=True)
class Listing:
    owner: Any
    filter: str = "all"
    q: str = ""

    @classmethod
    def of(cls, request: HttpRequest, filter: str = "all") -> Self:
        """What an address asks for; of a change, what its form says that it was made in.

        Raises PermissionDenied if a page asks that says whose it is, and somebody else has logged in since.
        """
        asked = request.POST if request.method == "POST" else request.GET
        if unquote(request.headers.get("X-User", "")) not in ("", request.user.get_username()):
            raise PermissionDenied("Somebody else has logged in since this page was loaded. Load it again.")
        chosen = asked.get("filter", filter)
        sought = asked.get("q", "").replace("\0", "").strip()
        return cls(request.user, chosen if chosen in FILTERS else "all", sought[:MOST_SOUGHT])

    @property
    def mine(self) -> TodoQuerySet:
        return Todo.objects.visible_to(self.owner)

    @property
    def todos(self) -> TodoQuerySet:
        """Those that are shown, in no order yet."""
        todos = {"all": self.mine, "active": self.mine.active(), "completed": self.mine.completed()}[self.filter]
        return todos.search(self.q) if self.q else todos

    def page(self, after: str = "") -> Page:
        """As many as are shown at once: the first, or those after the place that the page before has named."""
        todos, size = self.todos.for_list(), PAGE_SIZE
        if place := re.fullmatch(PLACE, after):
            todos, size = todos.beyond(int(place[1]), int(place[2])), NEXT_PAGE_SIZE
        shown, has_next = fetch_page(todos, size)
        return Page(shown, self.address(after=f"{shown[-1].order}.{shown[-1].pk}") if has_next else "")

    def shows(self, todo: Todo) -> bool:
        return self.todos.filter(pk=todo.pk).exists()

    def past_neighbour(self, todo: Todo, direction: str | None) -> dict[str, int]:
        """The place one up or down from where it is; its own, if there is nobody on that side."""
        others = self.todos.exclude(pk=todo.pk)
        earlier = Q(order__lt=todo.order) | Q(order=todo.order, pk__lt=todo.pk)
        if direction == "up":
            neighbour = others.filter(earlier).reverse_order().first()
            return {"before": neighbour.pk if neighbour else todo.pk}
        neighbour = others.exclude(earlier).in_order().first()
        return {"after": neighbour.pk if neighbour else todo.pk}

    def counts(self) -> Counts:
        return Counts(**self.mine.aggregate(total=Count("pk"), active=Count("pk", filter=Q(completed_at=None))))

    @property
    def path(self) -> str:
        return reverse("todos:index" if self.filter == "all" else f"todos:{self.filter}")

    @property
    def title(self) -> str:
        return TITLES[self.filter]

    @property
    def url(self) -> str:
        return self.address()

    def address(self, **more: Any) -> str:
        query = urlencode(({"q": self.q} if self.q else {}) | more)
        return f"{self.path}?{query}" if query else self.path

    def filters(self) -> Iterator[tuple[str, str, str]]:
        """Each filter's name, label and address."""
        for name, label in FILTERS.items():
            yield name, label, replace(self, filter=name).url

    @property
    def nothing(self) -> str:
        """What to say when it is empty, although there are to-dos."""
        return f"Nothing was found for “{self.q}”." if self.q else NOTHING[self.filter]
