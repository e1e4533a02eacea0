"""Export of a list: content, order, access, streaming and queries."""

import io

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from progress import connections
from tests.helpers import body, make_todo, problem
from tests.todos.import_export.helpers import export
from todos.formats import FORMATS
from todos.import_export import exporting
from todos.models import Todo


def exported_titles(client, format: str) -> list[str]:
    return [row.title for row in FORMATS[format].read(io.BytesIO(export(client, format)))]


@pytest.mark.parametrize("format", FORMATS)
def test_export_has_own_todos_in_order_without_trashed_ones(as_alice, as_bob, alice, bob, format):
    todos = [make_todo(owner=alice, title=title) for title in ("third", "first", "second", "gone")]
    Todo.objects.filter(pk=todos[0].pk).complete()
    Todo.objects.visible_to(alice).move(todos[0].pk, after=todos[2].pk)
    Todo.objects.filter(pk=todos[3].pk).trash()
    make_todo(owner=bob, title="Bob's")
    assert exported_titles(as_alice, format) == ["first", "second", "third"]
    assert exported_titles(as_bob, format) == ["Bob's"]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.usefixtures("frozen_time")
def test_export_is_an_uncached_download_with_date(as_alice, format):
    response = as_alice.get(f"/api/todos/export/?format={format}")
    assert response.streaming
    assert response["Content-Disposition"] == f'attachment; filename="todos-{timezone.localdate()}.{format}"'
    assert response["Content-Type"] == FORMATS[format].content_type
    assert "no-store" in response["Cache-Control"]
    assert body(as_alice.head(f"/api/todos/export/?format={format}")) == b""


@pytest.mark.parametrize("query", ["", "?format=", "?format=xlsx", "?format=CSV"])
def test_unknown_format_error_lists_formats(as_alice, query):
    detail = problem(as_alice.get(f"/api/todos/export/{query}"), 400)["detail"]
    assert all(format in detail for format in FORMATS)


def test_export_does_not_allow_post(as_alice):
    problem(as_alice.post("/api/todos/export/?format=csv"), 405)


def test_todos_moved_during_export_are_exported_once(alice, monkeypatch):
    monkeypatch.setattr(exporting, "BATCH_SIZE", 2)
    first, _, _, fourth, fifth, sixth = (make_todo(owner=alice, title=str(number)) for number in range(6))
    rows = exporting.export_rows(alice)
    titles = [next(rows).title]
    todos = Todo.objects.visible_to(alice)
    todos.move(first.pk, after=sixth.pk)
    todos.move(sixth.pk, before=fourth.pk)
    todos.filter(pk=fifth.pk).trash()
    titles += [row.title for row in rows]
    assert titles == ["0", "1", "2", "3", "5"]


def test_export_releases_connection_between_batches(alice, monkeypatch):
    monkeypatch.setattr(exporting, "BATCH_SIZE", 2)
    released = []
    monkeypatch.setattr(exporting, "release_connection", lambda: released.append(connections.release_connection()))
    for _ in range(5):
        make_todo(owner=alice, completed_at=Now())
    rows = exporting.export_rows(alice)
    for index in range(5):
        next(rows)
        assert len(released) == index // 2 + 1


def test_export_yields_to_other_requests_between_batches(alice, monkeypatch):
    monkeypatch.setattr(exporting, "BATCH_SIZE", 2)
    monkeypatch.setattr(exporting, "release_connection", lambda: None)
    switches = []
    monkeypatch.setattr(exporting.time, "sleep", switches.append)  # gevent replaces it in web processes
    for _ in range(5):
        make_todo(owner=alice)
    assert len(list(exporting.export_rows(alice))) == 5
    assert switches == [0, 0, 0]


def test_export_runs_one_query_per_batch(as_alice, alice, django_assert_num_queries):
    Todo.objects.bulk_create(
        Todo(owner=alice, title="x", order=position) for position in range(2 * exporting.BATCH_SIZE)
    )
    with django_assert_num_queries(2 + 1 + 2):  # session and user, ids, two batches
        body(as_alice.get("/api/todos/export/?format=csv"))
