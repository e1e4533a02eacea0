"""The page of deleted to-dos."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.helpers import make_todo
from todos.models import Todo

URL = "/todos/trash/"
RESTORE = f"{URL}restore/"


def test_todos_are_listed_by_deletion_and_the_list_links_to_them(as_alice, alice):
    for days in (2, 1):
        make_todo(owner=alice, title=f"{days} days", deleted_at=timezone.now() - timedelta(days=days))
    make_todo(owner=alice, title="Still here")
    page = as_alice.get(URL).text
    assert re.findall(r'<span dir="auto">(.*?)</span>', page) == ["1 days", "2 days"]
    assert "30 days" in page
    assert f'href="{URL}"' in as_alice.get("/todos/").text


def test_todo_is_restored_to_its_position(as_alice, alice):
    first, second = (make_todo(owner=alice, title=title) for title in ("First", "Second"))
    Todo.objects.trash()
    assert as_alice.post(RESTORE, {"todo": first.pk})["Location"] == URL
    assert list(Todo.objects.visible_to(alice)) == [first]
    assert "Second" in as_alice.get(URL).text
    assert as_alice.post(RESTORE, {"todo": first.pk}).status_code == 404
    as_alice.post(RESTORE, {"todo": second.pk})
    assert list(Todo.objects.visible_to(alice).in_order()) == [first, second]
    assert "The trash is empty." in as_alice.get(URL).text


def test_restore_all_restores_one_deletion(as_alice, alice):
    other = make_todo(owner=alice, deleted_at=timezone.now() - timedelta(days=1))
    todos = [make_todo(owner=alice) for _ in range(3)]
    Todo.objects.visible_to(alice).trash()
    name = re.search(r'name="deleted" value="(.*?)"', as_alice.get(URL).text)[1]
    as_alice.post(RESTORE, {"deleted": name})
    assert list(Todo.objects.visible_to(alice).in_order()) == todos
    assert list(Todo.objects.in_trash()) == [other]


@pytest.mark.parametrize("values", [{}, {"todo": "x"}, {"todo": "9" * 30}, {"deleted": "x"}, {"deleted": "9999-12-31"}])
def test_restore_of_unknown_todo_returns_404(as_alice, values):
    assert as_alice.post(RESTORE, values).status_code == 404


def test_trash_of_another_user_is_neither_shown_nor_restored(as_bob, visitor, alice):
    todo = make_todo(owner=alice, title="Secret")
    Todo.objects.trash()
    deleted_at = Todo.objects.get().deleted_at.isoformat()
    assert "Secret" not in as_bob.get(URL).text
    for values in ({"todo": todo.pk}, {"deleted": deleted_at}):
        assert as_bob.post(RESTORE, values).status_code == 404
    assert visitor.get(URL).status_code == 302
    assert as_bob.get(RESTORE).status_code == 405


@pytest.mark.parametrize("number", ["0", "x", "999"])
def test_invalid_page_number_shows_a_page(as_alice, number):
    assert as_alice.get(URL, {"page": number}).status_code == 200
