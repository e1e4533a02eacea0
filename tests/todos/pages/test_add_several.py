"""Adding several lines by one request."""

import pytest

from tests.helpers import make_todo
from tests.todos.pages.helpers import HTMX, titles
from todos.models import Todo
from todos.views.lists import MAX_LINES

URL = "/todos/several/"


def saved_todos() -> list[tuple[str, str]]:
    return [(todo.title, f"{todo.due_on or ''}") for todo in Todo.objects.in_order()]


def test_lines_are_appended_to_the_list(as_alice, alice):
    make_todo(owner=alice, title="First")
    response = as_alice.post(URL, {"lines": "Buy milk\r\n\r\n  Pay rent 2030-01-31 \nCall mum\rSow"}, headers=HTMX)
    assert response.status_code == 200
    assert titles(response.text) == ["Buy milk", "Pay rent", "Call mum", "Sow"]
    assert saved_todos() == [("First", ""), ("Buy milk", ""), ("Pay rent", "2030-01-31"), ("Call mum", ""), ("Sow", "")]
    assert {todo.owner for todo in Todo.objects.all()} == {alice}


def test_lines_are_kept_as_typed_on_request(as_alice):
    assert as_alice.post(URL, {"lines": "Pay rent 2030-01-31\nSow", "as_typed": "true"}).status_code == 302
    assert saved_todos() == [("Pay rent 2030-01-31", ""), ("Sow", "")]


def test_only_rows_of_the_filtered_list_are_shown(as_alice):
    response = as_alice.post(URL, {"lines": "Buy milk\nSow", "q": "milk"}, headers=HTMX)
    assert titles(response.text) == ["Buy milk"]
    assert len(saved_todos()) == 2


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("Buy milk\n" + "x" * 501 + "\nSow", "Nothing was added, because of line 2:"),
        ("Buy milk\nRing\x07", "Nothing was added, because of line 2: Remove the control character U+0007"),
        ("\n".join(["x"] * (MAX_LINES + 1)), "1 to 100 lines"),
        ("", "1 to 100 lines"),
        (" \n", "1 to 100 lines"),
    ],
)
def test_invalid_lines_add_nothing(as_alice, lines, message):
    response = as_alice.post(URL, {"lines": lines}, headers=HTMX)
    assert response.status_code == 422
    assert message in response.text
    assert saved_todos() == []


def test_maximum_number_of_lines_is_added(as_alice):
    as_alice.post(URL, {"lines": "\n".join(f"{n}" for n in range(MAX_LINES))})
    assert [title for title, _ in saved_todos()] == [f"{n}" for n in range(MAX_LINES)]


def test_visitor_adds_nothing(visitor):
    assert visitor.post(URL, {"lines": "Buy milk\nSow"}).status_code == 302
    assert saved_todos() == []


def test_lines_beyond_the_limit_of_the_list_add_nothing(as_alice, settings):
    settings.MAX_TODOS = 2
    assert as_alice.post(URL, {"lines": "Buy milk\nSow\nCall mum"}, headers=HTMX).status_code == 413
    assert saved_todos() == []
