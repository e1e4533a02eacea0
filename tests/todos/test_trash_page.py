"""The page of deleted to-dos."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.helpers import make_todo
from todos.models import Todo

URL = "/todos/trash/"
RESTORE = f"{URL}restore/"


def test_todos_are_listed_newest_deletion_first_and_linked_from_the_list(as_alice, alice):
    for days in (2, 1):
        make_todo(owner=alice, title=f"{days} days", deleted_at=timezone.now() - timedelta(days=days))
    make_todo(owner=alice, title="Still here")
    page = as_alice.get(URL).text
    assert re.findall(r'<span dir="auto">(.*?)</span>', page) == ["1 days", "2 days"]
    assert "30 days" in page
    assert f'href="{URL}"' in as_alice.get("/todos/").text


def test_one_todo_is_restored_to_its_position(as_alice, alice):
    first, second = (make_todo(owner=alice, title=title) for title in ("First", "Second"))
    Todo.objects.trash()
    assert as_alice.post(RESTORE, {"todo": first.pk})["Location"] == URL
    assert list(Todo.objects.visible_to(alice)) == [first]
    assert "Second" in as_alice.get(URL).text
    assert as_alice.post(RESTORE, {"todo": first.pk}).status_code == 404
    as_alice.post(RESTORE, {"todo": second.pk})
    assert list(Todo.objects.visible_to(alice).in_order()) == [first, second]
    assert "The trash is empty." in as_alice.get(URL).text


def test_all_todos_of_a_deletion_are_restored_together(as_alice, alice):
    other = make_todo(owner=alice, deleted_at=timezone.now() - timedelta(days=1))
    todos = [make_todo(owner=alice) for _ in range(3)]
    Todo.objects.visible_to(alice).trash()
    name = re.search(r'name="deleted" value="(.*?)"', as_alice.get(URL).text)[1]
    as_alice.post(RESTORE, {"deleted": name})
    assert list(Todo.objects.visible_to(alice).in_order()) == todos
    assert list(Todo.objects.in_trash()) == [other]


@pytest.mark.parametrize("values", [{}, {"todo": "x"}, {"todo": "9" * 30}, {"deleted": "x"}, {"deleted": "9999-12-31"}])
def test_unknown_todo_is_404(as_alice, values):
    assert as_alice.post(RESTORE, values).status_code == 404


def test_trash_is_its_owners(as_bob, visitor, alice):
    todo = make_todo(owner=alice, title="Secret")
    Todo.objects.trash()
    deleted_at = Todo.objects.get().deleted_at.isoformat()
    assert "Secret" not in as_bob.get(URL).text
    for values in ({"todo": todo.pk}, {"deleted": deleted_at}):
        assert as_bob.post(RESTORE, values).status_code == 404
    assert visitor.get(URL).status_code == 302
    assert as_bob.get(RESTORE).status_code == 405


@pytest.mark.parametrize("page", ["0", "x", "999"])
def test_any_page_number_is_answered(as_alice, page):
    assert as_alice.get(URL, {"page": page}).status_code == 200
