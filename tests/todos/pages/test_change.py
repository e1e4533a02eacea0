"""Changes of to-dos by the forms of the list, and the fragments that htmx receives."""

import re
from datetime import date

import pytest
from django.utils import timezone

from tests.helpers import after_select, make_todo
from tests.todos.pages.helpers import HTMX, titles
from todos.models import Todo


def test_toggle_completes_and_reactivates(as_alice, alice):
    todo = make_todo(owner=alice)
    assert as_alice.post(f"/todos/{todo.pk}/toggle/", {"completed": "true"})["Location"] == "/todos/"
    todo.refresh_from_db()
    assert todo.completed_at <= timezone.now()
    page = as_alice.get("/todos/").text
    assert 'class="completed"' in page
    assert "<strong>0</strong> items left" in page
    as_alice.post(f"/todos/{todo.pk}/toggle/")
    todo.refresh_from_db()
    assert todo.completed_at is None


def test_delete_moves_todo_to_the_trash(as_alice, alice):
    todo = make_todo(owner=alice)
    response = as_alice.post(f"/todos/{todo.pk}/delete/", follow=True)
    assert not Todo.objects.visible_to(alice).exists()
    assert "Deleted “Buy milk”." in response.text


def test_move_next_to_a_neighbour_and_by_one_row_of_the_filtered_list(as_alice, alice):
    one, two, three = (make_todo(owner=alice, title=title) for title in ("one", "two", "three"))

    def order_after(todo: Todo, **values: object) -> list[str]:
        assert as_alice.post(f"/todos/{todo.pk}/move/", values).status_code == 302
        return titles(as_alice.get("/todos/").text)

    assert order_after(three, before=one.pk) == ["three", "one", "two"]
    assert order_after(three, after=two.pk) == ["one", "two", "three"]
    assert order_after(two, direction="up") == ["two", "one", "three"]
    assert order_after(two, direction="up") == ["two", "one", "three"]
    assert order_after(two, direction="down") == ["one", "two", "three"]
    as_alice.post(f"/todos/{two.pk}/toggle/", {"completed": "true"})
    assert order_after(three, direction="up", filter="active") == ["three", "one", "two"]


def test_move_next_to_another_users_todo_returns_404(as_alice, alice, bob):
    todo, other = make_todo(owner=alice), make_todo(owner=bob)
    assert as_alice.post(f"/todos/{todo.pk}/move/", {"before": other.pk}).status_code == 404


def test_rename_strips_title_rejects_long_title_and_deletes_for_empty_title(as_alice, alice):
    todo = make_todo(owner=alice)
    as_alice.post(f"/todos/{todo.pk}/rename/", {"title": "  Buy oat milk  "})
    todo.refresh_from_db()
    assert todo.title == "Buy oat milk"
    response = as_alice.post(f"/todos/{todo.pk}/rename/", {"title": "x" * 501}, headers=HTMX)
    assert response.status_code == 422
    assert "at most 500 characters" in response.text
    assert "Deleted “Buy oat milk”." in as_alice.post(f"/todos/{todo.pk}/rename/", {"title": " "}, follow=True).text


class TestRename:
    DUE = date(2030, 1, 31)

    @pytest.fixture
    def todo(self, alice):
        return make_todo(owner=alice, title="Pay rent", due_on=self.DUE)

    def rename(self, client, todo: Todo, title: str, **values: str) -> tuple[str, date | None]:
        response = client.post(f"/todos/{todo.pk}/rename/", {"title": title, **values})
        assert response.status_code == 302
        todo.refresh_from_db()
        return todo.title, todo.due_on

    @pytest.mark.usefixtures("frozen_time")
    def test_date_at_the_end_becomes_the_due_date(self, as_alice, todo):
        assert self.rename(as_alice, todo, "Pay the rent today") == ("Pay the rent", timezone.localdate())

    def test_date_alone_moves_the_due_date(self, as_alice, todo):
        assert self.rename(as_alice, todo, "Pay rent 2031-02-01") == ("Pay rent", date(2031, 2, 1))

    def test_title_without_a_date_keeps_the_due_date(self, as_alice, todo):
        assert self.rename(as_alice, todo, "Pay the rent") == ("Pay the rent", self.DUE)

    def test_title_is_kept_as_typed(self, as_alice, todo):
        assert self.rename(as_alice, todo, "Paint today", as_typed="true") == ("Paint today", self.DUE)

    def test_unchanged_title_is_not_parsed(self, as_alice, todo):
        self.rename(as_alice, todo, "Paint today", as_typed="true")
        version = todo.version
        assert self.rename(as_alice, todo, "Paint today") == ("Paint today", self.DUE)
        assert todo.version == version

    def test_invalid_title_changes_nothing(self, as_alice, todo):
        response = as_alice.post(f"/todos/{todo.pk}/rename/", {"title": "Pay\x07 rent today"})
        assert response.status_code == 422
        todo.refresh_from_db()
        assert (todo.title, todo.due_on, todo.version) == ("Pay rent", self.DUE, 1)


def test_fragments_contain_only_the_affected_parts(as_alice, alice):
    for number in range(50):
        make_todo(owner=alice, title=f"Step {number}")
    todo = Todo.objects.first()
    response = as_alice.post(f"/todos/{todo.pk}/toggle/", {"completed": "true"}, headers=HTMX)
    assert titles(response.text) == ["Step 0"]
    assert "<strong>49</strong> items left" in response.text
    assert "hidden" not in re.search(r"<button.*?clear-completed.*?>", response.text)[0]
    assert len(response.content) <= 4096
    response = as_alice.post(f"/todos/{todo.pk}/toggle/", {"filter": "completed"}, headers=HTMX)
    assert titles(response.text) == []
    assert f'<li id="todo-{todo.pk}" hx-swap-oob="delete">' in response.text
    assert "hidden" in re.search(r"<button.*?clear-completed.*?>", response.text)[0]
    response = as_alice.post("/todos/", {"title": "New", "filter": "completed"}, headers=HTMX)
    assert titles(response.text) == []
    assert "<strong>51</strong> items left" in response.text


def test_response_to_toggle_is_small_in_a_long_list(as_alice, alice):
    todo = make_todo(
        owner=alice, title="Ask the neighbours who waters the plants while we are away", due_on="2030-01-31"
    )
    Todo.objects.append(alice, [Todo(title="Buy milk") for _ in range(150)])
    response = as_alice.post(f"/todos/{todo.pk}/toggle/", {"completed": "true"}, headers=HTMX)
    assert f"todo-{todo.pk}" in response.text
    assert len(response.content) <= 4096


def test_response_has_versions_of_changed_todos_without_rows(as_alice, alice):
    """So the page does not fetch them when the stream reports the change."""
    todo = make_todo(owner=alice)

    def written(url: str, **values: object) -> list[str]:
        response = as_alice.post(url, values, headers=HTMX)
        found = re.search(r'id="written" hidden data-todos="(.*?)"', response.text)
        return found[1].split() if found else []

    url = f"/todos/{todo.pk}/"
    assert written(f"{url}toggle/", completed="true") == []  # the row has the version
    assert written(f"{url}move/", after=todo.pk) == [f"{todo.pk}:2:{todo.order_key}"]
    assert written(f"{url}toggle/", filter="completed") == [f"{todo.pk}:3:{todo.order_key}"]
    assert written("/todos/toggle-all/", completed="true", q="nothing") == [f"{todo.pk}:4:{todo.order_key}"]
    assert written("/todos/clear-completed/") == [f"{todo.pk}:5:{todo.order_key}"]
    assert written("/todos/undo/", undo=Todo.objects.get().batch, filter="active") == [f"{todo.pk}:6:{todo.order_key}"]
    assert written(f"{url}delete/") == [f"{todo.pk}:7:{todo.order_key}"]
    assert [version for _, version, _ in [each.split(":") for each in written("/todos/", title="New", q="x")]] == ["1"]


def test_rows_are_not_newer_than_counts(as_alice, alice):
    """Otherwise the page would ignore the change when the stream reports it, and keep the old counts."""
    todo = make_todo(owner=alice)
    with after_select("todos_todo", Todo.objects.all().complete):
        response = as_alice.get("/todos/changes/", {"id": todo.pk}, headers=HTMX).text
    assert 'data-version="1"' in response
    assert "<strong>0</strong> items left" in response


def test_versions_are_not_newer_than_rows(as_alice, alice):
    """Another device reactivates the to-do right after the view has checked that the filter doesn't match it."""
    todo = make_todo(owner=alice)
    fields = {"completed": "true", "filter": "active"}
    with after_select("todos_todo", Todo.objects.all().reactivate, times=3):
        response = as_alice.post(f"/todos/{todo.pk}/toggle/", fields, headers=HTMX).text
    assert 'hx-swap-oob="delete"' in response
    assert f'data-todos="{todo.pk}:2:' in response
    todo.refresh_from_db()
    assert (todo.version, todo.is_completed) == (3, False)
