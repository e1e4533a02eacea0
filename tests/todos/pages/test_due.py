"""Setting and clearing the due date of a to-do from its row."""

from datetime import date

import pytest
import time_machine

from tests.helpers import make_todo
from tests.todos.pages.helpers import HTMX, titles
from todos.models import Todo

SUNDAY, MONDAY, TUESDAY = (date(2026, 11, day) for day in (29, 30, 24))
OLD = date(2026, 11, 2)


@pytest.fixture
def todo(alice) -> Todo:
    return make_todo(owner=alice, due_on=OLD, notes="with oats")


@pytest.mark.parametrize(
    ("today", "value", "expected"),
    [
        (SUNDAY, "today", SUNDAY),
        (SUNDAY, "tomorrow", MONDAY),
        (SUNDAY, "next-week", MONDAY),
        (MONDAY, "next-week", date(2026, 12, 7)),
        (TUESDAY, "next-week", MONDAY),
        (MONDAY, "2030-01-31", date(2030, 1, 31)),
        (MONDAY, "", None),
    ],
)
def test_due_date_is_set(alice, as_alice, todo, today, value, expected):
    with time_machine.travel(today, tick=False):
        response = as_alice.post(f"/todos/{todo.pk}/due/", {"due_on": value, "filter": "active"})
    assert (response.status_code, response["Location"]) == (302, "/todos/active/")
    todo.refresh_from_db()
    assert (todo.due_on, todo.title, todo.notes, todo.version) == (expected, "Buy milk", "with oats", 2)


@pytest.mark.parametrize("values", [{}, {"due_on": "someday"}, {"due_on": "31/01/2030"}, {"due_on": "2030-02-30"}])
def test_invalid_date_is_reported_and_changes_nothing(as_alice, todo, values):
    response = as_alice.post(f"/todos/{todo.pk}/due/", values, headers=HTMX)
    assert response.status_code == 422
    assert "for example 2030-01-31" in response.text
    todo.refresh_from_db()
    assert (todo.due_on, todo.version) == (OLD, 1)


@pytest.mark.usefixtures("frozen_time")
def test_response_to_htmx_has_the_row_or_removes_it(as_alice, todo):
    def set_due(value: str, status: str) -> str:
        return as_alice.post(f"/todos/{todo.pk}/due/", {"due_on": value, "filter": status}, headers=HTMX).text

    row = set_due("today", "today")
    assert titles(row) == ["Buy milk"]
    assert 'class="chip due today in-heading"' in row
    assert f'<li id="todo-{todo.pk}" hx-swap-oob="delete">' in set_due("tomorrow", "today")


def test_unchanged_date_keeps_the_version(as_alice, todo):
    as_alice.post(f"/todos/{todo.pk}/due/", {"due_on": OLD.isoformat()})
    todo.refresh_from_db()
    assert todo.version == 1


def test_page_has_one_menu_for_all_rows(as_alice, alice, todo):
    make_todo(owner=alice, title="Call mum")
    page = as_alice.get("/todos/").text
    assert page.count('id="due-menu"') == 1
    assert page.count('popovertarget="due-menu"') == 2
