"""Pages and their forms belong to one user, and only POST changes anything."""

import pytest
from django.utils import timezone

from tests.helpers import make_todo
from tests.todos.pages.helpers import HTMX, titles
from todos.models import Todo

CHANGES_URL = "/todos/changes/"

CHANGES = [
    ("", {"title": "Stolen"}),
    ("rename/", {"title": "Stolen"}),
    ("rename/", {"title": ""}),
    ("toggle/", {"completed": "true"}),
    ("due/", {"due_on": "today"}),
    ("move/", {"direction": "up"}),
    ("delete/", {}),
    ("attach/", {"upload": "00000000-0000-4000-8000-000000000000"}),
    ("detach/", {"upload": "00000000-0000-4000-8000-000000000000"}),
]


@pytest.mark.parametrize(("url", "values"), CHANGES)
def test_another_users_todo_returns_404(as_bob, visitor, alice, url, values):
    todo = make_todo(owner=alice)
    assert as_bob.post(f"/todos/{todo.pk}/{url}", values).status_code == 404
    assert visitor.post(f"/todos/{todo.pk}/{url}", values).status_code == 302
    assert visitor.post(f"/todos/{todo.pk}/{url}", values, headers=HTMX).status_code == 401
    todo.refresh_from_db()
    assert (todo.title, todo.completed_at, todo.deleted_at, todo.version) == ("Buy milk", None, None, 1)


def test_another_users_list_is_neither_shown_nor_changed(as_bob, visitor, alice, bob):
    todo = make_todo(owner=alice, completed_at=timezone.now())
    for url in ("", "active/", "completed/", "?q=milk", f"{todo.pk}/"):
        assert "Buy milk" not in as_bob.get(f"/todos/{url}").text
        assert visitor.get(f"/todos/{url}").status_code == 302
    for url in ("toggle-all/", "clear-completed/"):
        assert as_bob.post(f"/todos/{url}").status_code == 302
        assert visitor.post(f"/todos/{url}")["Location"].startswith("/accounts/login/")
    todo.refresh_from_db()
    assert todo.version == 1


def test_another_users_deletion_can_not_be_undone(as_alice, as_bob, visitor, alice):
    todo = make_todo(owner=alice)
    as_alice.post(f"/todos/{todo.pk}/delete/")
    todo.refresh_from_db()
    fields = {"undo": todo.batch}
    assert as_bob.post("/todos/undo/", fields).status_code == 404
    assert visitor.post("/todos/undo/", fields).status_code == 302
    assert "Undo" not in as_bob.get("/todos/", fields).text
    assert not Todo.objects.visible_to(alice).exists()


def test_get_changes_nothing(as_alice, alice):
    todo = make_todo(owner=alice)
    for url in ("rename", "toggle", "due", "move", "delete", "attach", "detach"):
        assert as_alice.get(f"/todos/{todo.pk}/{url}/").status_code == 405
    for url in ("toggle-all", "clear-completed", "undo"):
        assert as_alice.get(f"/todos/{url}/").status_code == 405
    todo.refresh_from_db()
    assert todo.version == 1


def test_changes_of_other_users_are_not_shown(as_bob, visitor, alice, bob):
    todo = make_todo(owner=alice)
    response = as_bob.get(CHANGES_URL, {"id": todo.pk}, headers=HTMX)
    assert titles(response.text) == []
    assert "<strong>0</strong> items left" in response.text
    assert visitor.get(CHANGES_URL, {"id": todo.pk}, headers=HTMX).status_code == 401


def test_page_of_a_previous_user_returns_403(as_bob, bob):
    todo = make_todo(owner=bob)
    for url in (f"{CHANGES_URL}?id={todo.pk}", "/todos/", "/todos/active/?cursor=-1_1"):
        assert titles(as_bob.get(url, headers=HTMX | {"X-User": "bob"}).text) == ["Buy milk"]
        response = as_bob.get(url, headers=HTMX | {"X-User": "alice"})
        assert response.status_code == 403
        assert "You are logged in as someone else now" in response.text
        assert "Buy milk" not in response.text
