"""The admin of to-dos."""

import pytest
from django.db.models.functions import Now

from tests.helpers import make_todo
from todos.models import Todo

URL = "/admin/todos/todo/"


@pytest.fixture
def todos(alice) -> dict[str, Todo]:
    return {
        "active": make_todo(owner=alice, title="Active", notes="by the river"),
        "done": make_todo(owner=alice, title="Done", completed_at=Now()),
        "deleted": make_todo(owner=alice, title="Deleted", deleted_at=Now()),
    }


def found_titles(client, query: str) -> set[str]:
    return {todo.title for todo in client.get(f"{URL}?{query}").context["cl"].result_list}


def run_action(client, action: str):
    ids = list(Todo.objects.values_list("pk", flat=True))
    return client.post(URL, {"action": action, "_selected_action": ids}, follow=True)


def test_search_and_filters_find_todos(as_admin, todos):
    assert found_titles(as_admin, "q=river") == {"Active"}
    assert found_titles(as_admin, "q=alice") == {"Active", "Done", "Deleted"}
    assert found_titles(as_admin, "completed_at__isempty=0") == {"Done"}
    assert found_titles(as_admin, "deleted_at__isempty=0") == {"Deleted"}
    assert found_titles(as_admin, "due_on__isnull=True") == {"Active", "Done", "Deleted"}


def test_actions_complete_trash_and_restore_todos(as_admin, todos):
    assert "2 completed." in run_action(as_admin, "complete").text
    assert Todo.objects.active().count() == 0
    assert "No to-dos were completed." in run_action(as_admin, "complete").text
    assert "2 moved to the trash." in run_action(as_admin, "trash").text
    assert Todo.objects.in_trash().count() == 3
    assert "3 restored from the trash." in run_action(as_admin, "restore").text
    assert Todo.objects.in_trash().count() == 0


def test_undo_action_reverts_the_last_action(as_admin, todos):
    completed_at = Todo.objects.get(title="Done").completed_at
    run_action(as_admin, "complete")
    assert "2 undone." in run_action(as_admin, "undo").text
    assert list(Todo.objects.completed()) == [todos["done"]]
    run_action(as_admin, "trash")
    run_action(as_admin, "undo")
    assert list(Todo.objects.in_trash()) == [todos["deleted"]]
    assert Todo.objects.get(title="Done").completed_at == completed_at


def test_actions_require_staff(as_bob, todos):
    for action in ("complete", "trash", "restore", "undo"):
        assert run_action(as_bob, action).redirect_chain[0][0].startswith("/admin/login/")
    assert (Todo.objects.active().count(), Todo.objects.in_trash().count()) == (2, 1)


def test_todo_is_added_and_changed(as_admin, alice):
    inline = {"attachments-TOTAL_FORMS": 0, "attachments-INITIAL_FORMS": 0}
    fields = {"owner": alice.pk, "title": "Buy milk", **inline}
    assert as_admin.post(f"{URL}add/", fields).status_code == 302
    todo = Todo.objects.get()
    fields |= {"title": "Buy bread", "order": todo.order}
    assert as_admin.post(f"{URL}{todo.pk}/change/", fields).status_code == 302
    changed = Todo.objects.get()
    assert (changed.title, changed.version, changed.order) == ("Buy bread", 2, todo.order)
