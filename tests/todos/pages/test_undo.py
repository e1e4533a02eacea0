"""Undo of changes of several to-dos, except for to-dos that were changed since."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.helpers import file, make_todo, run_queue
from tests.todos.pages.helpers import HTMX, titles
from todos.models import Todo

LONG_AGO = timezone.now() - timedelta(days=9)


@pytest.fixture
def todos(alice):
    """An active to-do, and one that was completed long ago."""
    return make_todo(owner=alice, title="Active"), make_todo(owner=alice, title="Done", completed_at=LONG_AGO)


def state() -> dict:
    return {todo.title: (todo.completed_at, todo.deleted_at) for todo in Todo.objects.all()}


def offered_batch(page: str) -> str:
    return re.search(r'name="undo" value="(.*?)"', page)[1]


def undo(client, page: str):
    return client.post("/todos/undo/", {"undo": offered_batch(page)}, follow=True)


@pytest.mark.parametrize(
    ("url", "values", "text"),
    [
        ("toggle-all", {"completed": "true"}, "Marked “Active” as complete."),
        ("toggle-all", {"completed": ""}, "Marked “Done” as active."),
        ("clear-completed", {}, "Deleted “Done”."),
    ],
)
@pytest.mark.usefixtures("todos")
def test_undo_restores_the_state_before(as_alice, url, values, text):
    before = state()
    response = as_alice.post(f"/todos/{url}/", values, follow=True)
    assert text in response.text
    assert state() != before
    reloaded = as_alice.get(response.redirect_chain[-1][0]).text
    assert text in reloaded
    undone = undo(as_alice, reloaded)
    assert state() == before
    assert "Undo" not in undone.text
    assert as_alice.post("/todos/undo/", {"undo": offered_batch(reloaded)}).status_code == 404


@pytest.mark.usefixtures("todos")
def test_undo_by_htmx_removes_the_offer(as_alice):
    before = state()
    fragments = as_alice.post("/todos/toggle-all/", {"completed": "true"}, headers=HTMX).text
    response = as_alice.post("/todos/undo/", {"undo": offered_batch(fragments)}, headers=HTMX).text
    assert '<div hx-swap-oob="innerHTML:#undo"></div>' in response
    assert state() == before


def test_undo_does_not_change_todos_changed_since(as_alice, alice):
    kept, renamed, moved = (make_todo(owner=alice, title=title) for title in ("Kept", "Renamed", "Moved"))
    page = as_alice.post("/todos/toggle-all/", {"completed": "true"}, follow=True).text
    as_alice.patch(f"/api/todos/{renamed.pk}/", {"title": "New title"}, content_type="application/json")
    as_alice.post(f"/todos/{kept.pk}/toggle/", {"completed": ""})
    as_alice.post(f"/todos/{kept.pk}/toggle/", {"completed": "true"})
    as_alice.post(f"/todos/{moved.pk}/move/", {"before": kept.pk})
    undo(as_alice, page)
    assert list(Todo.objects.active()) == [moved]


def test_todo_toggled_since_is_not_in_the_batch(as_alice, todos):
    active, _ = todos
    page = as_alice.post("/todos/toggle-all/", {"completed": "true"}, follow=True).text
    as_alice.post(f"/todos/{active.pk}/toggle/", {"completed": ""})
    assert as_alice.post("/todos/undo/", {"undo": offered_batch(page)}).status_code == 404


@pytest.mark.parametrize("name", ["", "x", "\0", "00000000-0000-0000-0000-000000000000"])
def test_unknown_batch_returns_404_and_is_not_offered(as_alice, name):
    assert as_alice.post("/todos/undo/", {"undo": name}).status_code == 404
    assert "Undo" not in as_alice.get("/todos/", {"undo": name}).text


@pytest.mark.usefixtures("todos")
def test_batch_of_another_user_returns_404(as_alice, as_bob):
    page = as_alice.post("/todos/toggle-all/", {"completed": "true"}, follow=True).text
    before = state()
    assert as_bob.post("/todos/undo/", {"undo": offered_batch(page)}).status_code == 404
    assert state() == before


class TestImport:
    CSV = "title,due_on\nBuy milk,2030-01-31\nActive,\nPay rent,\n"

    @pytest.fixture
    def import_page(self, as_alice):
        def import_file() -> str:
            response = as_alice.post("/todos/import/", {"file": file(self.CSV.encode(), "list.csv")})
            run_queue()
            return response["Location"]

        return import_file

    def test_undo_moves_added_todos_to_the_trash(self, as_alice, alice, todos, import_page):
        Todo.objects.filter(pk=make_todo(owner=alice, title="Pay rent").pk).trash()
        before = state()
        page = as_alice.get(import_page()).text
        assert "Undo import" in page
        assert Todo.objects.visible_to(alice).count() == 4
        undo(as_alice, page)
        after = state()
        assert {title: after[title] for title in before} == before
        assert {*Todo.objects.visible_to(alice)} == {*todos}
        assert len({todo.deleted_at for todo in Todo.objects.in_trash().filter(title="Buy milk")}) == 1

    def test_undo_keeps_todos_changed_since(self, as_alice, alice, import_page):
        page = as_alice.get(import_page()).text
        as_alice.post(f"/todos/{Todo.objects.get(title='Buy milk').pk}/rename/", {"title": "Buy oat milk"})
        undo(as_alice, page)
        assert [todo.title for todo in Todo.objects.visible_to(alice)] == ["Buy oat milk"]

    def test_repeated_import_adds_nothing_but_restores_after_undo(self, as_alice, alice, import_page):
        first = import_page()
        assert "Undo import" not in as_alice.get(import_page()).text
        undo(as_alice, as_alice.get(first).text)
        again = as_alice.get(import_page()).text
        assert Todo.objects.visible_to(alice).count() == 3
        assert Todo.objects.count() == 3
        undo(as_alice, again)
        assert Todo.objects.in_trash().count() == 3


def test_clear_completed_after_toggle_all_can_be_undone(as_alice, alice):
    for number in range(3):
        make_todo(owner=alice, title=f"Step {number}")
    as_alice.post("/todos/toggle-all/", {"completed": "true"})
    make_todo(owner=alice, title="Later")
    page = as_alice.post("/todos/clear-completed/", follow=True).text
    assert titles(page) == ["Later"]
    assert "Deleted 3 to-dos." in page
    batch_id = re.search(r'name="undo" value="(.*?)"', page)[1]
    assert titles(as_alice.post("/todos/undo/", {"undo": batch_id}, follow=True).text) == [
        "Step 0",
        "Step 1",
        "Step 2",
        "Later",
    ]
    assert as_alice.post("/todos/undo/", {"undo": batch_id}).status_code == 404
    as_alice.post("/todos/toggle-all/", {"completed": ""})
    assert not Todo.objects.completed().exists()


@pytest.mark.parametrize("name", ["", "yesterday", "2026-02-31T00:00:00Z", "0001-01-01T00:00:00+23:00", "\0"])
def test_invalid_batch_returns_404_and_is_ignored_by_the_page(as_alice, name):
    assert as_alice.post("/todos/undo/", {"undo": name}).status_code == 404
    assert as_alice.get("/todos/", {"undo": name}).status_code == 200
