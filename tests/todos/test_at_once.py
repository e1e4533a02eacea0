"""Two tabs that change the same list at the same time, on a database that lets them: PostgreSQL."""

import random
from functools import partial

import pytest
from django.test import Client

from progress.reporter import Progress
from tests.helpers import file, make_todo, run_concurrently
from todos.import_export.importing import import_upload
from todos.models import Todo
from todos.tasks import import_file
from uploads.models import Upload
from uploads.receiving import ingest

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def patcher(owner, todo, **fields):
    """What patches it as it is now, and answers the status."""
    client = Client()
    client.force_login(owner)
    return lambda: (
        client.patch(
            f"/api/todos/{todo.pk}/", fields, content_type="application/json", HTTP_IF_MATCH=todo.etag
        ).status_code
    )


def test_of_two_patches_of_the_same_version_one_wins(alice):
    for _ in range(10):
        todo = make_todo(owner=alice)
        titles = ["one", "two", "three"]
        statuses = run_concurrently(*[patcher(alice, todo, title=title) for title in titles])
        assert sorted(statuses) == [200, 412, 412]
        todo.refresh_from_db()
        assert (todo.title, todo.version) == (titles[statuses.index(200)], 2)


def test_a_patch_and_a_toggle_both_count(alice):
    for _ in range(10):
        todo = make_todo(owner=alice)
        run_concurrently(patcher(alice, todo, notes="two"), Todo.objects.filter(pk=todo.pk).complete)
        after = Todo.objects.get(pk=todo.pk)
        assert after.is_completed
        assert after.version == 2 + (after.notes == "two")


def test_toggling_moving_and_adding_at_once_loses_nothing(alice):
    ids = [make_todo(owner=alice, order=place % 3).pk for place in range(20)]
    todos = Todo.objects.visible_to(alice)

    def move(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(25):
            what, neighbour = chance.sample(ids, 2)
            assert todos.move(what, after=neighbour)

    def toggle() -> None:
        for pk in reversed(ids * 3):
            one = todos.filter(pk=pk)
            one.complete() or one.reactivate()

    def toggle_all() -> None:
        for _ in range(10):
            todos.complete() or todos.reactivate()

    def add() -> None:
        for _ in range(10):
            make_todo(owner=alice)

    run_concurrently(lambda: move(1), lambda: move(2), toggle, toggle_all, add)
    assert todos.count() == 30
    assert len(set(todos.filter(version__gt=1).values_list("pk", flat=True)) & set(ids)) == 20


def test_after_moves_at_once_no_two_share_a_place(alice):
    ids = [make_todo(owner=alice).pk for _ in range(4)]
    moves = [lambda pk=pk: Todo.objects.visible_to(alice).move(pk, after=ids[0]) for pk in ids[1:]]
    for _ in range(25):
        assert run_concurrently(*moves) == [True] * 3
        listed = list(Todo.objects.in_order())
        assert listed[0].pk == ids[0]
        assert len({todo.order for todo in listed}) == 4


def test_new_ones_at_once_have_places_of_their_own(alice):
    run_concurrently(*[lambda: [make_todo(owner=alice) for _ in range(10)]] * 3)
    assert len(set(Todo.objects.values_list("order", flat=True))) == 30


def test_attaching_a_file_while_it_is_deleted_is_no_failure(alice):
    for _ in range(10):
        todo, upload = make_todo(owner=alice), ingest.create_upload(alice, file())
        status, _ = run_concurrently(patcher(alice, todo, attachments=[str(upload.pk)]), upload.delete)
        assert status in (200, 422)
        assert not todo.attachments.exists()


def test_the_same_file_imported_twice_at_once_adds_its_rows_once(alice):
    """Also where only title and date tell which is which; and two attempts at the same job come to the same report."""
    ids = [ingest.create_upload(alice, file(b"one\ntwo\ntwo\n", "todo.txt"), import_file).pk for _ in range(2)]
    attempts = [Upload.objects.get(pk=pk) for pk in (*ids, ids[0])]  # each with a file of its own
    reports = run_concurrently(*[partial(import_upload, upload, Progress()) for upload in attempts])
    assert reports[0] == reports[2]
    assert sorted(report["added"] for report in reports[:2]) == [0, 3]
    assert sorted(alice.todos.values_list("title", flat=True)) == ["one", "two", "two"]
