"""Concurrent changes of one list on PostgreSQL, which allows several writers."""

import random
from functools import partial

import pytest
from django.test import Client

from progress.reporter import Progress
from tests.helpers import file, make_todo, run_concurrently
from todos.import_export.importing import import_upload
from todos.models import Todo, TodoQuerySet
from todos.tasks import import_file
from uploads.models import Upload
from uploads.receiving import ingest

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def patcher(owner, todo, **fields):
    """Return a function that patches the present version of the to-do and returns the status of the response."""
    client = Client()
    client.force_login(owner)
    return lambda: (
        client.patch(
            f"/api/todos/{todo.pk}/", fields, content_type="application/json", HTTP_IF_MATCH=todo.etag
        ).status_code
    )


def _toggle(todos: TodoQuerySet) -> None:
    """Complete the active to-dos, or reactivate all of them if none is active."""
    todos.complete() or todos.reactivate()


def test_one_of_several_patches_of_the_same_version_succeeds(alice):
    for _ in range(10):
        todo = make_todo(owner=alice)
        titles = ["one", "two", "three"]
        statuses = run_concurrently(*[patcher(alice, todo, title=title) for title in titles])
        assert sorted(statuses) == [200, 412, 412]
        todo.refresh_from_db()
        assert (todo.title, todo.version) == (titles[statuses.index(200)], 2)


def test_complete_keeps_a_concurrent_patch(alice):
    for _ in range(10):
        todo = make_todo(owner=alice)
        run_concurrently(patcher(alice, todo, notes="two"), Todo.objects.filter(pk=todo.pk).complete)
        after = Todo.objects.get(pk=todo.pk)
        assert after.is_completed
        assert after.version == 2 + (after.notes == "two")


def test_concurrent_changes_moves_and_additions_are_all_saved(alice):
    ids = [make_todo(owner=alice, order=number % 3).pk for number in range(20)]
    todos = Todo.objects.visible_to(alice)

    def move(seed: int) -> None:
        randomness = random.Random(seed)
        for _ in range(25):
            todo_id, neighbour = randomness.sample(ids, 2)
            assert todos.move(todo_id, after=neighbour)

    def toggle_one_by_one() -> None:
        for pk in reversed(ids * 3):
            _toggle(todos.filter(pk=pk))

    def toggle_all() -> None:
        for _ in range(10):
            _toggle(todos)

    def add() -> None:
        for _ in range(10):
            make_todo(owner=alice)

    run_concurrently(lambda: move(1), lambda: move(2), toggle_one_by_one, toggle_all, add)
    assert todos.count() == 30
    assert len(set(todos.filter(version__gt=1).values_list("pk", flat=True)) & set(ids)) == 20


def test_concurrent_moves_to_one_position_get_different_positions(alice):
    ids = [make_todo(owner=alice).pk for _ in range(4)]
    moves = [lambda pk=pk: Todo.objects.visible_to(alice).move(pk, after=ids[0]) for pk in ids[1:]]
    for _ in range(25):
        assert run_concurrently(*moves) == [True] * 3
        listed = list(Todo.objects.in_order())
        assert listed[0].pk == ids[0]
        assert len({todo.order for todo in listed}) == 4


def test_concurrently_added_todos_get_different_positions(alice):
    run_concurrently(*[lambda: [make_todo(owner=alice) for _ in range(10)]] * 3)
    assert len(set(Todo.objects.values_list("order", flat=True))) == 30


def test_attaching_an_upload_while_it_is_deleted_attaches_nothing(alice):
    for _ in range(10):
        todo, upload = make_todo(owner=alice), ingest.create_upload(alice, file())
        status, _ = run_concurrently(patcher(alice, todo, attachments=[str(upload.pk)]), upload.delete)
        assert status in (200, 422)
        assert not todo.attachments.exists()


def test_concurrent_imports_of_one_file_add_its_rows_once(alice):
    """Rows without a uid are identified by title and due date. Two attempts at one job return the same report."""
    ids = [ingest.create_upload(alice, file(b"one\ntwo\ntwo\n", "todo.txt"), import_file).pk for _ in range(2)]
    attempts = [Upload.objects.get(pk=pk) for pk in (*ids, ids[0])]  # separate instances
    reports = run_concurrently(*[partial(import_upload, upload, Progress()) for upload in attempts])
    assert reports[0] == reports[2]
    assert sorted(report["added"] for report in reports[:2]) == [0, 3]
    assert sorted(alice.todos.values_list("title", flat=True)) == ["one", "two", "two"]
