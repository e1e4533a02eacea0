"""Limits on the number and the text of a user's to-dos, for every way to add them."""

import pytest

from progress.models import Job, State
from tests.helpers import file, make_todo, problem, run_queue
from todos.limits import ListFull, make_room
from todos.models import Todo

JSON = "application/json"


@pytest.fixture
def three_todos(settings):
    settings.MAX_TODOS = 3


@pytest.fixture
def ten_characters(settings):
    settings.MAX_TODO_CHARACTERS = 10


@pytest.mark.usefixtures("three_todos")
class TestMaxTodos:
    def test_api_returns_413(self, as_alice, as_bob):
        statuses = [as_alice.post("/api/todos/", {"title": "x"}, content_type=JSON).status_code for _ in range(4)]
        assert statuses == [201, 201, 201, 413]
        assert "3 to-dos" in problem(as_alice.post("/api/todos/", {"title": "x"}, content_type=JSON), 413)["detail"]
        assert as_bob.post("/api/todos/", {"title": "x"}, content_type=JSON).status_code == 201

    def test_page_returns_413(self, as_alice, alice):
        Todo.objects.bulk_create(Todo(owner=alice, title="x", order=number) for number in range(3))
        response = as_alice.post("/todos/", {"title": "x"})
        assert response.status_code == 413
        assert "Delete some to-dos" in response.text

    def test_full_list_can_be_changed(self, as_alice, alice):
        todos = [make_todo(owner=alice) for _ in range(3)]
        assert as_alice.patch(f"/api/todos/{todos[0].pk}/", {"title": "y" * 500}, content_type=JSON).status_code == 200

    def test_import_fails_and_adds_nothing(self, as_alice, alice):
        make_todo(owner=alice)
        as_alice.post("/api/todos/import/", {"file": file(b"title\na\nb\nc\n", "list.csv")})
        run_queue()
        job = Job.objects.get()
        assert (job.state, job.error_code) == (State.FAILED, "list_full")
        assert "3 to-dos" in job.error_message
        assert alice.todos.count() == 1

    def test_import_within_the_limit_succeeds(self, as_alice, alice):
        make_todo(owner=alice)
        as_alice.post("/api/todos/import/", {"file": file(b"title\na\nb\n", "list.csv")})
        run_queue()
        assert alice.todos.count() == 3

    def test_oldest_todo_in_the_trash_is_deleted(self, alice):
        for title in ("first", "second"):
            Todo.objects.filter(pk=make_todo(owner=alice, title=title).pk).trash()
        make_todo(owner=alice)
        make_todo(owner=alice)
        assert [todo.title for todo in alice.todos.in_trash()] == ["second"]

    def test_trash_is_kept_if_deleting_it_is_not_enough(self, alice):
        Todo.objects.filter(pk=make_todo(owner=alice).pk).trash()
        make_todo(owner=alice)
        with pytest.raises(ListFull):
            make_room(alice.todos.all(), 3, 0)
        assert alice.todos.in_trash().count() == 1


@pytest.mark.usefixtures("ten_characters")
class TestMaxCharacters:
    def test_new_todo_beyond_the_limit_returns_413(self, as_alice):
        assert as_alice.post("/api/todos/", {"title": "x" * 10}, content_type=JSON).status_code == 201
        response = as_alice.post("/api/todos/", {"title": "x"}, content_type=JSON)
        assert "10 characters" in problem(response, 413)["detail"]

    def test_change_is_rejected_only_if_the_text_grows_beyond_the_limit(self, as_alice, alice):
        todo = make_todo(owner=alice, title="12345")
        url = f"/api/todos/{todo.pk}/"
        assert as_alice.patch(url, {"notes": "12345"}, content_type=JSON).status_code == 200
        problem(as_alice.patch(url, {"notes": "123456"}, content_type=JSON), 413)
        assert as_alice.patch(url, {"notes": "1"}, content_type=JSON).status_code == 200
        assert as_alice.patch(url, {"notes": "54321"}, content_type=JSON).status_code == 200

    def test_folded_text_is_counted(self, alice):
        with pytest.raises(ListFull):
            make_todo(owner=alice, title="\ufdfa")  # folding expands this character to eighteen


def test_zero_means_unlimited(alice, settings):
    settings.MAX_TODOS = settings.MAX_TODO_CHARACTERS = 0
    assert make_todo(owner=alice, title="x").text_length == 1
