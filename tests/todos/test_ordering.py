"""Positions in a list: moves update few other rows, and the moved row gets a unique position."""

import random

import pytest
from django.db.models import F, Sum
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers import make_todo
from todos import ordering
from todos.models import Todo, TodoQuerySet

POSITIONS = st.integers(ordering.LOWEST, ordering.HIGHEST)


@pytest.fixture
def make_list(alice):
    """Return a function that creates to-dos, by their number or by their positions, and returns their ids."""

    def make(positions):
        if isinstance(positions, int):
            positions = [ordering.GAP * index for index in range(positions)]
        todos = [Todo(owner=alice, title=str(index), order=order) for index, order in enumerate(positions)]
        return [todo.pk for todo in Todo.objects.bulk_create(todos)]

    return make


def listed_ids() -> list[int]:
    return list(Todo.objects.in_order().values_list("pk", flat=True))


def count_updates() -> int:
    """Return how many times rows have been updated."""
    return Todo.objects.aggregate(updates=Sum(F("version") - 1))["updates"]


def count_ties() -> int:
    positions = list(Todo.objects.values_list("order", flat=True))
    return len(positions) - len(set(positions))


def after_move(ids: list[int], todo_id: int, *, before: int | None = None, after: int | None = None) -> list[int]:
    """Return the ids in the expected order after the move."""
    others = [pk for pk in ids if pk != todo_id]
    index = others.index(before) if before is not None else others.index(after) + 1
    return [*others[:index], todo_id, *others[index:]]


def test_new_todo_is_last(alice, bob):
    ids = [make_todo(owner=alice).pk for _ in range(3)]
    make_todo(owner=bob)
    first = make_todo(owner=alice, order=-1).pk
    assert list(Todo.objects.visible_to(alice).in_order().values_list("pk", flat=True)) == [first, *ids]


def test_new_todo_is_last_after_the_largest_position(alice):
    ids = [make_todo(owner=alice, order=position).pk for position in (0, ordering.HIGHEST, ordering.HIGHEST)]
    ids += [make_todo(owner=alice).pk for _ in range(20)]
    assert listed_ids() == ids


def test_move_before_or_after_a_neighbour_changes_the_order(alice, make_list):
    a, b, c = make_list(3)
    todos = Todo.objects.visible_to(alice)
    for todo_id, target, expected in [
        (c, {"before": a}, [c, a, b]),
        (c, {"after": b}, [a, b, c]),
        (a, {"after": b}, [b, a, c]),
        (a, {"before": b}, [a, b, c]),
        (b, {"before": c}, [a, b, c]),
        (b, {"after": b}, [a, b, c]),
    ]:
        assert todos.move(todo_id, **target)
        assert listed_ids() == expected


def test_move_to_the_current_position_updates_no_row(alice, make_list):
    a, b, c = make_list(3)
    todos = Todo.objects.visible_to(alice)
    assert todos.move(b, after=a)
    assert todos.move(b, before=c)
    assert todos.move(c, after=b)
    assert todos.move(a, before=b)
    assert count_updates() == 0


def test_move_locks_all_changed_rows_together(alice, make_list, monkeypatch):
    """Rows are locked in the order of their ids, so that a move and a change of all to-dos do not deadlock."""
    a, b, c = make_list([5, 6, 7])
    locked = []
    lock = TodoQuerySet._lock

    def record(todos):
        locked.append(lock(todos))
        return locked[-1]

    monkeypatch.setattr(TodoQuerySet, "_lock", record)
    assert Todo.objects.visible_to(alice).move(a, before=c)
    assert listed_ids() == [b, a, c]
    ((*ids,),) = locked
    assert a in ids
    assert len(ids) > 1


def test_move_requires_both_todos_in_the_same_list(alice, bob, make_list):
    a, b = make_list(2)
    bobs, deleted = make_todo(owner=bob).pk, make_todo(owner=alice)
    Todo.objects.filter(pk=deleted.pk).trash()
    todos = Todo.objects.visible_to(alice)
    for todo_id, neighbour in [(a, bobs), (bobs, a), (a, deleted.pk), (deleted.pk, b), (a, 0), (0, a)]:
        assert not todos.move(todo_id, after=neighbour)
    assert list(todos.in_order().values_list("pk", flat=True)) == [a, b]


def test_trashed_todo_keeps_its_position(alice, make_list):
    a, b, c, d = make_list(4)
    Todo.objects.filter(pk=b).trash()
    assert Todo.objects.visible_to(alice).move(d, after=a)
    Todo.objects.filter(pk=b).restore()
    assert listed_ids() == [a, d, b, c]
    assert count_ties() == 0


def test_random_moves_result_in_the_expected_order(alice, make_list):
    ids, randomness = make_list(100), random.Random(0)
    todos = Todo.objects.visible_to(alice)
    expected = list(ids)
    for _ in range(150):
        todo_id, neighbour = randomness.sample(ids, 2)
        target = {randomness.choice(["before", "after"]): neighbour}
        assert todos.move(todo_id, **target)
        expected = after_move(expected, todo_id, **target)
    assert listed_ids() == expected
    assert count_ties() == 0
    assert count_updates() <= 158


@pytest.mark.parametrize(
    "next_move",
    [
        pytest.param(lambda ids, turn: (ids[-1], {"after": ids[0]}), id="last-to-second-position"),
        pytest.param(lambda ids, turn: (ids[-1], {"before": ids[1 + turn % 2]}), id="two-positions-alternately"),
        pytest.param(lambda ids, turn: (ids[turn % 50 + 40], {"before": ids[20]}), id="various-to-the-middle"),
        pytest.param(lambda ids, turn: (ids[-1], {"before": ids[0]}), id="last-to-the-top"),
    ],
)
def test_many_moves_to_one_position_update_few_rows(alice, make_list, next_move):
    """Each move halves the gap between the neighbours, until the gap is used up."""
    ids, max_per_move = make_list(100), 0
    todos, expected = Todo.objects.visible_to(alice), list(ids)
    updates = 0
    for turn in range(100):
        todo_id, target = next_move(expected, turn)
        assert todos.move(todo_id, **target)
        expected = after_move(expected, todo_id, **target)
        previous, updates = updates, count_updates()
        max_per_move = max(max_per_move, updates - previous)
    assert listed_ids() == expected
    assert count_ties() == 0
    assert updates <= 150
    assert max_per_move <= 40


def test_move_between_equal_positions_updates_few_rows(alice, make_list):
    ids = make_list([5] * 10 + [10**12 * index for index in range(1, 200)])
    assert listed_ids() == ids
    assert Todo.objects.visible_to(alice).move(ids[-1], after=ids[4])
    assert listed_ids() == after_move(ids, ids[-1], after=ids[4])
    assert count_updates() <= 34
    position = Todo.objects.get(pk=ids[-1]).order
    assert Todo.objects.filter(order=position).count() == 1


def test_move_between_equal_positions_set_by_the_api(as_alice, alice, make_list):
    a, b, c = make_list(3)
    for pk in (a, b, c):
        url = reverse("todos:api-detail", args=[pk])
        assert as_alice.patch(url, {"order": 7}, content_type="application/json").json()["order"] == 7
    assert [todo["id"] for todo in as_alice.get("/api/todos/").json()] == [a, b, c]
    assert Todo.objects.visible_to(alice).move(c, before=b)
    assert listed_ids() == [a, c, b]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_moves_with_any_positions_result_in_the_expected_order(alice, make_list, data):
    """Positions may be close together, at the ends of the range, or equal."""
    Todo.objects.all().delete()
    near = st.integers(-2, 2)
    ends = st.sampled_from([ordering.LOWEST, ordering.LOWEST + 1, ordering.HIGHEST - 1, ordering.HIGHEST])
    positions = data.draw(st.lists(near | ends | POSITIONS, min_size=2, max_size=20))
    make_list(positions)
    todos, expected = Todo.objects.visible_to(alice), listed_ids()
    for _ in range(data.draw(st.integers(1, 12))):
        todo_id, neighbour = data.draw(st.sampled_from(expected)), data.draw(st.sampled_from(expected))
        if todo_id == neighbour:
            continue
        target = {data.draw(st.sampled_from(["before", "after"])): neighbour}
        assert todos.move(todo_id, **target)
        expected = after_move(expected, todo_id, **target)
        assert listed_ids() == expected
        position = Todo.objects.get(pk=todo_id).order
        assert Todo.objects.filter(order=position).count() == 1


@given(lower=POSITIONS | st.none(), upper=POSITIONS | st.none(), number=st.integers(1, 100))
def test_positions_between_bounds_are_distinct_and_sorted(lower, upper, number):
    if lower is not None and upper is not None and lower > upper:
        lower, upper = upper, lower
    positions = ordering.positions_between(lower, upper, number)
    low = ordering.LOWEST - 1 if lower is None else lower
    high = ordering.HIGHEST + 1 if upper is None else upper
    assert positions == sorted(set(positions))
    assert all(low < position < high for position in positions)
    assert len(positions) == (number if high - low > number else 0)
