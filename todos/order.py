"""The order of a list: each to-do has a label, a whole number, and a move changes as few of them as it can.

Labels are far apart, so that what is moved takes the middle between its new neighbours. Where there is no middle any
more, the neighbours around are spread anew: few of them first, then twice as many, until they have room. Labels need
not differ, because the API sets them to any number: between equals the older to-do comes first, and who moves one
between them parts them.

What is in the trash keeps its place, so that it is found there when it comes back.
"""

from collections.abc import Iterator
from itertools import count
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model

if TYPE_CHECKING:
    from todos.models import Todo, TodoQuerySet

GAP = 2**32
"""How far apart labels are where there is room."""

LOWEST, HIGHEST = -(2**63), 2**63 - 1
"""The labels that the database can hold."""

FIRST_REACH = 4
"""How many neighbours on each side are spread first."""

ROOM = 2**12
"""Neighbours are spread this far apart at least, times the number of them: who spreads many does it for longer."""


def hold(owner: Any) -> None:
    """Until the end of this transaction nobody else adds to this user's list or moves anything in it."""
    get_user_model().objects.select_for_update(no_key=True).get(pk=owner.pk)


def at_end(owner: Any) -> int:
    """The label of one to come after all others of the owner's. Hold the list first."""
    return all_at_end(owner, 1)[0]


def all_at_end(owner: Any, number: int) -> list[int]:
    """The labels of so many to come after all others of the owner's, one after the other. Hold the list first."""
    return _make_room(owner.todos.reverse_order(), owner.todos.none(), number) if number else []


def before(todo: "Todo", neighbour: "Todo") -> None:
    """Bring the to-do right before that one. Hold the list first, and read both after that."""
    others, place, pk = todo.owner.todos.exclude(pk=todo.pk), neighbour.order, neighbour.pk
    earlier = others.filter(order__lte=place).exclude(order=place, pk__gte=pk)
    later = others.filter(order__gte=place).exclude(order=place, pk__lt=pk)
    _make_room(earlier.reverse_order(), later.in_order(), 1, todo)


def after(todo: "Todo", neighbour: "Todo") -> None:
    """Bring the to-do right after that one. Hold the list first, and read both after that."""
    others, place, pk = todo.owner.todos.exclude(pk=todo.pk), neighbour.order, neighbour.pk
    earlier = others.filter(order__lte=place).exclude(order=place, pk__gt=pk)
    later = others.filter(order__gte=place).exclude(order=place, pk__lte=pk)
    _make_room(earlier.reverse_order(), later.in_order(), 1, todo)


def labels(lower: int | None, upper: int | None, number: int) -> list[int]:
    """So many labels between two, as far apart as they can be; None is no bound. Empty when there is no room."""
    reach = GAP * (number + 1)
    if lower is None:
        lower = -reach if upper is None else max(LOWEST - 1, upper - reach)
        upper = reach if upper is None else upper
    elif upper is None:
        upper = min(HIGHEST + 1, lower + reach)
    step = (upper - lower) // (number + 1)
    return [lower + step * place for place in range(1, number + 1)] if step else []


def _make_room(earlier: "TodoQuerySet", later: "TodoQuerySet", number: int, todo: "Todo | None" = None) -> list[int]:
    """So many labels between these, of which the nearest come first; some of them are given others if need be.

    The to-do, if there is one, gets its label together with them: all rows that a move changes are locked at once.
    """
    for reach in _reaches():
        left, right = list(earlier[: reach + 1]), list(later[: reach + 1])
        lower = left.pop().order if len(left) > reach else None
        upper = right.pop().order if len(right) > reach else None
        if todo and reach == 0 and _is_between(todo.order, lower, upper):
            return [todo.order]
        spread = labels(lower, upper, len(left) + number + len(right))
        if spread and (reach == 0 or lower is upper is None or _is_roomy(spread)):
            own = slice(len(left), len(left) + number)
            made = spread[own]
            spread[own] = made if todo else []
            _relabel(earlier, [*reversed(left), *([todo] if todo else []), *right], spread)
            return made
    raise AssertionError("a whole list always has room")


def _reaches() -> Iterator[int]:
    yield 0
    for doubling in count():
        yield FIRST_REACH * 2**doubling


def _is_between(label: int, lower: int | None, upper: int | None) -> bool:
    return (lower is None or lower < label) and (upper is None or label < upper)


def _is_roomy(spread: list[int]) -> bool:
    """Whether labels so far apart will do for a while."""
    return spread[1] - spread[0] >= min(ROOM * len(spread), GAP)


def _relabel(todos: "TodoQuerySet", neighbours: list["Todo"], spread: list[int]) -> None:
    """Give the neighbours these labels, those whose label is another."""
    changed = {todo.pk: label for todo, label in zip(neighbours, spread, strict=True) if todo.order != label}
    if changed:
        todos.model.objects.relabel(changed)
