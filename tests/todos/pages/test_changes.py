"""The rows that a page fetches when the stream reports changes."""

import pytest
from django.utils import timezone

from tests.helpers import make_todo
from tests.todos.pages.helpers import HTMX, titles
from todos.models import Todo

URL = "/todos/changes/"


def get_changes(client, *todos: Todo, **parameters):
    return client.get(URL, {"id": [todo.pk for todo in todos], **parameters}, headers=HTMX)


def test_rows_match_the_filter_and_are_ordered(as_alice, alice):
    done = make_todo(owner=alice, title="Buy bread", completed_at=timezone.now())
    last = make_todo(owner=alice, title="Buy milk", order=2**62)
    first = make_todo(owner=alice, title="Call mum", order=-5)
    deleted = make_todo(owner=alice, title="Deleted", deleted_at=timezone.now())
    make_todo(owner=alice, title="Not requested")
    requested = (last, done, deleted, first)
    response = get_changes(as_alice, *requested).text
    assert titles(response) == ["Call mum", "Buy bread", "Buy milk"]
    assert f'<li id="todo-{first.pk}" data-version="1" data-order="0x7ffffffffffffffb"' in response
    assert "<strong>3</strong> items left" in response
    assert titles(get_changes(as_alice, *requested, filter="active").text) == ["Call mum", "Buy milk"]
    assert titles(get_changes(as_alice, *requested, filter="completed").text) == ["Buy bread"]
    assert titles(get_changes(as_alice, *requested, q="buy", filter="active").text) == ["Buy milk"]


def test_offer_to_undo_is_removed_after_it_was_undone_elsewhere(as_alice, alice):
    todo = make_todo(owner=alice)
    Todo.objects.trash()
    batch = Todo.objects.get().batch
    removal = 'hx-swap-oob="innerHTML:#undo"'
    assert removal not in get_changes(as_alice, todo, undo=batch).text
    assert removal not in get_changes(as_alice, todo).text
    Todo.objects.restore()
    assert removal in get_changes(as_alice, todo, undo=batch).text


@pytest.mark.parametrize("ids", [["x"], ["-1"], [""], ["1", "\0"], ["9" * 19], ["1"] * 101])
def test_invalid_ids_and_too_many_ids_return_400(as_alice, ids):
    response = as_alice.get(URL, {"id": ids}, headers=HTMX)
    assert response.status_code == 400
    assert "at most 100" in response.text


def test_request_without_htmx_redirects_to_the_list(as_alice):
    assert as_alice.get(f"{URL}?id=1&filter=active&q=milk")["Location"] == "/todos/active/?q=milk"
