"""The order of a list: anything can be moved anywhere, few others are touched, and no two come to share a place."""

import random

import pytest
from django.db.models import F
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers import make_todo
from todos import ordering
from todos.models import Todo, TodoQuerySet

LABELS = st.integers(ordering.LOWEST, ordering.HIGHEST)


@pytest.fixture
def make_list(alice):
    """Call it with the labels, in their order, or with a number of to-dos that are added; the ids."""

    def make(labels):
        labels = [ordering.GAP * place for place in range(labels)] if isinstance(labels, int) else labels
        todos = [Todo(owner=alice, title=str(place), order=label) for place, label in enumerate(labels)]
        return [todo.pk for todo in Todo.objects.bulk_create(todos)]

    return make


def listed() -> list[int]:
    return list(Todo.objects.in_order().values_list("pk", flat=True))


def written() -> int:
    """How many rows have been written since they were made."""
    return sum(Todo.objects.values_list(F("version") - 1, flat=True))


def ties() -> int:
    labels = list(Todo.objects.values_list("order", flat=True))
    return len(labels) - len(set(labels))


def moved(ids: list[int], what: int, *, before: int | None = None, after: int | None = None) -> list[int]:
    """What the list must be then."""
    rest = [pk for pk in ids if pk != what]
    place = rest.index(before) if before is not None else rest.index(after) + 1
    return [*rest[:place], what, *rest[place:]]


def test_new_ones_come_last(alice, bob):
    ids = [make_todo(owner=alice).pk for _ in range(3)]
    make_todo(owner=bob)
    first = make_todo(owner=alice, order=-1).pk
    assert list(Todo.objects.visible_to(alice).in_order().values_list("pk", flat=True)) == [first, *ids]


def test_new_ones_come_last_where_no_number_is_left(alice):
    """As a program may have set them."""
    ids = [make_todo(owner=alice, order=label).pk for label in (0, ordering.HIGHEST, ordering.HIGHEST)]
    ids += [make_todo(owner=alice).pk for _ in range(20)]
    assert listed() == ids


def test_each_way_to_move(alice, make_list):
    a, b, c = make_list(3)
    todos = Todo.objects.visible_to(alice)
    for what, where, expected in [
        (c, {"before": a}, [c, a, b]),
        (c, {"after": b}, [a, b, c]),
        (a, {"after": b}, [b, a, c]),
        (a, {"before": b}, [a, b, c]),
        (b, {"before": c}, [a, b, c]),
        (b, {"after": b}, [a, b, c]),
    ]:
        assert todos.move(what, **where)
        assert listed() == expected


def test_what_is_where_it_shall_be_is_not_written(alice, make_list):
    a, b, c = make_list(3)
    todos = Todo.objects.visible_to(alice)
    assert todos.move(b, after=a)
    assert todos.move(b, before=c)
    assert todos.move(c, after=b)
    assert todos.move(a, before=b)
    assert written() == 0


def test_all_that_a_move_changes_is_locked_at_once(alice, make_list, monkeypatch):
    """By the order of the ids: or else a move and a toggle of all could wait for each other."""
    a, b, c = make_list([5, 6, 7])
    locked = []
    lock = TodoQuerySet._lock

    def record(todos):
        locked.append(lock(todos))
        return locked[-1]

    monkeypatch.setattr(TodoQuerySet, "_lock", record)
    assert Todo.objects.visible_to(alice).move(a, before=c)
    assert listed() == [b, a, c]
    ((*ids,),) = locked
    assert a in ids
    assert len(ids) > 1


def test_a_move_needs_both_in_the_same_list(alice, bob, make_list):
    a, b = make_list(2)
    bobs, gone = make_todo(owner=bob).pk, make_todo(owner=alice)
    Todo.objects.filter(pk=gone.pk).trash()
    todos = Todo.objects.visible_to(alice)
    for what, neighbour in [(a, bobs), (bobs, a), (a, gone.pk), (gone.pk, b), (a, 0), (0, a)]:
        assert not todos.move(what, after=neighbour)
    assert list(todos.in_order().values_list("pk", flat=True)) == [a, b]


def test_what_is_in_the_trash_keeps_its_place(alice, make_list):
    a, b, c, d = make_list(4)
    Todo.objects.filter(pk=b).trash()
    assert Todo.objects.visible_to(alice).move(d, after=a)
    Todo.objects.filter(pk=b).restore()
    assert listed() == [a, d, b, c]
    assert ties() == 0


def test_random_moves(alice, make_list):
    ids, chance = make_list(100), random.Random(0)
    todos = Todo.objects.visible_to(alice)
    expected = list(ids)
    for _ in range(300):
        what, neighbour = chance.sample(ids, 2)
        where = {chance.choice(["before", "after"]): neighbour}
        assert todos.move(what, **where)
        expected = moved(expected, what, **where)
    assert listed() == expected
    assert ties() == 0
    assert written() <= 315


@pytest.mark.parametrize(
    "next_move",
    [
        pytest.param(lambda ids, turn: (ids[-1], {"after": ids[0]}), id="the last to the second place"),
        pytest.param(lambda ids, turn: (ids[-1], {"before": ids[1 + turn % 2]}), id="to two places in turn"),
        pytest.param(lambda ids, turn: (ids[turn % 50 + 40], {"before": ids[20]}), id="to the middle from elsewhere"),
        pytest.param(lambda ids, turn: (ids[-1], {"before": ids[0]}), id="the last to the top"),
    ],
)
def test_many_moves_to_the_same_place(alice, make_list, next_move):
    """The middle is halved and halved again, until it is used up."""
    ids, most = make_list(100), 0
    todos, expected = Todo.objects.visible_to(alice), list(ids)
    before = 0
    for turn in range(150):
        what, where = next_move(expected, turn)
        assert todos.move(what, **where)
        expected = moved(expected, what, **where)
        now = written()
        before, most = now, max(most, now - before)
    assert listed() == expected
    assert ties() == 0
    assert before <= 225
    assert most <= 40  # of a hundred


def test_ties_are_parted_by_a_move_between_them_and_only_as_far_as_needed(alice, make_list):
    ids = make_list([5] * 10 + [10**12 * place for place in range(1, 200)])
    assert listed() == ids
    assert Todo.objects.visible_to(alice).move(ids[-1], after=ids[4])
    assert listed() == moved(ids, ids[-1], after=ids[4])
    assert written() <= 34
    changed = Todo.objects.get(pk=ids[-1]).order
    assert Todo.objects.filter(order=changed).count() == 1


def test_setting_the_order_by_the_api_may_tie(as_alice, alice, make_list):
    a, b, c = make_list(3)
    for pk in (a, b, c):
        url = reverse("todos:api-detail", args=[pk])
        assert as_alice.patch(url, {"order": 7}, content_type="application/json").json()["order"] == 7
    assert [todo["id"] for todo in as_alice.get("/api/todos/").json()] == [a, b, c]
    assert Todo.objects.visible_to(alice).move(c, before=b)
    assert listed() == [a, c, b]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_moves_in_any_list(alice, make_list, data):
    """Whatever labels a program has given them: close together, at the ends of what there is, or all the same."""
    Todo.objects.all().delete()
    near = st.integers(-2, 2)
    ends = st.sampled_from([ordering.LOWEST, ordering.LOWEST + 1, ordering.HIGHEST - 1, ordering.HIGHEST])
    labels = data.draw(st.lists(near | ends | LABELS, min_size=2, max_size=20))
    make_list(labels)
    todos, expected = Todo.objects.visible_to(alice), listed()
    for _ in range(data.draw(st.integers(1, 12))):
        what, neighbour = data.draw(st.sampled_from(expected)), data.draw(st.sampled_from(expected))
        if what == neighbour:
            continue
        where = {data.draw(st.sampled_from(["before", "after"])): neighbour}
        assert todos.move(what, **where)
        expected = moved(expected, what, **where)
        assert listed() == expected
        label = Todo.objects.get(pk=what).order
        assert Todo.objects.filter(order=label).count() == 1


@given(lower=LABELS | st.none(), upper=LABELS | st.none(), number=st.integers(1, 100))
def test_labels_lie_between_their_bounds_and_differ(lower, upper, number):
    if lower is not None and upper is not None and lower > upper:
        lower, upper = upper, lower
    found = ordering.positions_between(lower, upper, number)
    low = ordering.LOWEST - 1 if lower is None else lower
    high = ordering.HIGHEST + 1 if upper is None else upper
    assert found == sorted(set(found))
    assert all(low < label < high for label in found)
    assert len(found) == (number if high - low > number else 0)
