"""Positions in an ordered list: whole numbers with gaps, so that moving a row writes one row in most cases.

A moved row gets the middle between the positions of its new neighbours. If there is no number between them, the nearest
neighbours are spread out: a few of them first, then twice as many, until there is room. Positions may be equal, because
the API sets them to any number: of equal positions the older row comes first, and moving a row between two equal ones
gives them different positions.

The functions take `rows`: all rows of one list, the trash included, so that a restored row returns to its old position.
The caller holds the list's lock (see `uploads.locks`).
"""

from collections.abc import Iterator
from itertools import count
from typing import Any, Protocol

from django.db.models import QuerySet

GAP = 2**32
"""The distance between positions where there is room."""

LOWEST, HIGHEST = -(2**63), 2**63 - 1
"""The smallest and the largest position that the database can store."""

FIRST_REACH = 4
"""The number of neighbours on each side that are spread out first."""

MIN_SPACING = 2**12
"""Neighbours are spread at least this far apart, times their number: spreading many makes room for longer."""

ASCENDING, DESCENDING = ("order", "id"), ("-order", "-id")


class Positioned(Protocol):
    pk: int
    order: int


def positions_at_end(rows: QuerySet[Any], number: int) -> list[int]:
    """Return `number` ascending positions after the last row."""
    return _make_room(rows, rows.order_by(*DESCENDING), rows.none(), number) if number else []


def place_before(rows: QuerySet[Any], row: Positioned, neighbour: Positioned) -> None:
    """Move the row to the position right before the neighbour."""
    others, position, pk = rows.exclude(pk=row.pk), neighbour.order, neighbour.pk
    earlier = others.filter(order__lte=position).exclude(order=position, pk__gte=pk)
    later = others.filter(order__gte=position).exclude(order=position, pk__lt=pk)
    _make_room(rows, earlier.order_by(*DESCENDING), later.order_by(*ASCENDING), 1, row)


def place_after(rows: QuerySet[Any], row: Positioned, neighbour: Positioned) -> None:
    """Move the row to the position right after the neighbour."""
    others, position, pk = rows.exclude(pk=row.pk), neighbour.order, neighbour.pk
    earlier = others.filter(order__lte=position).exclude(order=position, pk__gt=pk)
    later = others.filter(order__gte=position).exclude(order=position, pk__lte=pk)
    _make_room(rows, earlier.order_by(*DESCENDING), later.order_by(*ASCENDING), 1, row)


def positions_between(lower: int | None, upper: int | None, number: int) -> list[int]:
    """Return `number` evenly spaced positions between two others, or none if they don't fit. None is no bound."""
    reach = GAP * (number + 1)
    if lower is None:
        lower = -reach if upper is None else max(LOWEST - 1, upper - reach)
        upper = reach if upper is None else upper
    elif upper is None:
        upper = min(HIGHEST + 1, lower + reach)
    step = (upper - lower) // (number + 1)
    return [lower + step * index for index in range(1, number + 1)] if step else []


def _make_room(
    rows: QuerySet[Any], earlier: QuerySet[Any], later: QuerySet[Any], number: int, row: Positioned | None = None
) -> list[int]:
    """Return `number` positions between the earlier and the later rows, and spread the nearest of them if needed.

    `row`, if given, gets its position in the same UPDATE as its neighbours: all rows that a move changes are locked
    together.
    """
    for reach in _reaches():
        left, right = list(earlier[: reach + 1]), list(later[: reach + 1])
        lower = left.pop().order if len(left) > reach else None
        upper = right.pop().order if len(right) > reach else None
        if row and reach == 0 and _is_between(row.order, lower, upper):
            return [row.order]
        spread = positions_between(lower, upper, len(left) + number + len(right))
        if spread and (reach == 0 or lower is upper is None or _is_spacious(spread)):
            own = slice(len(left), len(left) + number)
            made = spread[own]
            spread[own] = made if row else []
            _write(rows, [*reversed(left), *([row] if row else []), *right], spread)
            return made
    raise AssertionError("spreading a whole list always makes room")


def _reaches() -> Iterator[int]:
    yield 0
    for doubling in count():
        yield FIRST_REACH * 2**doubling


def _is_between(position: int, lower: int | None, upper: int | None) -> bool:
    return (lower is None or lower < position) and (upper is None or position < upper)


def _is_spacious(spread: list[int]) -> bool:
    return spread[1] - spread[0] >= min(MIN_SPACING * len(spread), GAP)


def _write(rows: QuerySet[Any], neighbours: list[Positioned], spread: list[int]) -> None:
    changed = {row.pk: position for row, position in zip(neighbours, spread, strict=True) if row.order != position}
    if changed:
        rows.model.objects.set_positions(changed)
