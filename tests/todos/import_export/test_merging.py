"""Merging of imported to-dos into the list: by uid, or by title and due date, without duplicates."""

from datetime import UTC, date, datetime

import pytest
from django.utils import timezone

from tests.helpers import make_todo
from tests.todos.import_export.helpers import export, import_counts, make_todos, titles
from todos import ordering
from todos.formats import FORMATS
from todos.import_export import importing, merging
from todos.models import Todo

FIELDS = {
    "csv": ("title", "notes", "due_on", "completed_at", "created_at", "uid"),
    "ics": ("title", "notes", "due_on", "completed_at", "created_at", "uid"),
    "json": ("title", "notes", "due_on", "completed_at", "created_at", "uid"),
    "txt": ("title", "due_on"),
}
"""The fields of each format."""


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("is_permanent", [False, True])
def test_import_of_export_restores_deleted_list(as_alice, alice, format, is_permanent):
    make_todos(alice)
    todos = list(alice.todos.in_order().values(*FIELDS[format]))
    content = export(as_alice, format)
    as_alice.delete("/api/todos/")
    if is_permanent:
        Todo.objects.all().delete()
    assert import_counts(as_alice, content, f"todos.{format}") == ([5, 0, 0, 0] if is_permanent else [0, 5, 0, 0])
    assert list(Todo.objects.visible_to(alice).in_order().values(*FIELDS[format])) == todos
    assert alice.todos.count() == 5


@pytest.mark.parametrize("max_uids", [0, merging.MAX_UIDS_IN_QUERY])
@pytest.mark.parametrize("format", FORMATS)
def test_repeated_import_changes_nothing(as_alice, alice, format, max_uids, monkeypatch):
    monkeypatch.setattr(merging, "MAX_UIDS_IN_QUERY", max_uids)
    make_todos(alice)
    content = export(as_alice, format)
    before = list(alice.todos.in_order().values())
    assert import_counts(as_alice, content, f"todos.{format}") == [0, 0, 5, 0]
    assert list(alice.todos.in_order().values()) == before


@pytest.mark.parametrize("format", FORMATS)
def test_import_by_another_user_creates_their_own_list(as_alice, as_bob, alice, bob, format):
    make_todos(alice)
    before = list(alice.todos.in_order().values())
    content = export(as_alice, format)
    assert import_counts(as_bob, content, f"todos.{format}") == [5, 0, 0, 0]
    assert import_counts(as_bob, content, f"todos.{format}") == [0, 0, 5, 0]
    assert titles(bob) == titles(alice)
    assert list(alice.todos.in_order().values()) == before


def test_todo_in_list_is_not_overwritten(as_alice, alice):
    todo = make_todo(owner=alice)
    content = export(as_alice, "json")
    as_alice.patch(f"/api/todos/{todo.pk}/", {"title": "Buy oat milk"}, content_type="application/json")
    assert import_counts(as_alice, content, "todos.json") == [0, 0, 1, 0]
    assert titles(alice) == ["Buy oat milk"]


def test_trashed_todo_is_restored_to_its_position_with_file_values(as_alice, alice):
    first, _, last = (make_todo(owner=alice, title=title, notes=title) for title in ("one", "two", "three"))
    content = export(as_alice, "csv")
    as_alice.patch(f"/api/todos/{first.pk}/", {"title": "1", "notes": "?"}, content_type="application/json")
    Todo.objects.filter(pk__in=[first.pk, last.pk]).trash()
    version = Todo.objects.get(pk=first.pk).version
    started_at = timezone.now()
    assert import_counts(as_alice, content) == [0, 2, 1, 0]
    first.refresh_from_db()
    assert (first.title, first.notes, first.version) == ("one", "one", version + 1)
    assert first.updated_at >= started_at
    assert titles(alice) == ["one", "two", "three"]


def test_todo_restored_during_import_is_not_overwritten(as_alice, alice, monkeypatch):
    todo = make_todo(owner=alice)
    content = export(as_alice, "csv")
    Todo.objects.trash()
    write = merging._write

    def restore_and_write(*arguments):
        Todo.objects.restore()
        Todo.objects.update(title="Buy oat milk")
        write(*arguments)

    monkeypatch.setattr(merging, "_write", restore_and_write)
    import_counts(as_alice, content)
    todo.refresh_from_db()
    assert (todo.title, todo.deleted_at) == ("Buy oat milk", None)


def test_rows_without_uid_match_by_title_and_date_in_order(as_alice, alice):
    for _ in range(2):
        make_todo(owner=alice, title="Water the plants")
    make_todo(owner=alice, title="Water the plants", due_on=date(2030, 1, 31))
    lines = "Water the plants\n" * 3 + "Water the plants due:2030-01-31\nWater the plants due:2030-02-01\n"
    assert import_counts(as_alice, lines, "todo.txt") == [2, 0, 3, 0]
    assert import_counts(as_alice, lines, "todo.txt") == [0, 0, 5, 0]


def test_row_without_uid_does_not_match_todo_of_another_row(as_alice, alice):
    """A user may add a line below the exported ones."""
    make_todo(owner=alice, title="Buy milk", uid="known")
    rows = "title,uid\nBuy milk,known\nBuy milk,\n"
    assert import_counts(as_alice, rows) == [1, 0, 1, 0]
    assert import_counts(as_alice, rows) == [0, 0, 2, 0]


def test_repeated_uid_in_file_is_one_todo(as_alice, alice):
    assert import_counts(as_alice, "title,uid\nfirst,same\nsecond,same\n") == [1, 0, 1, 0]
    Todo.objects.all().trash()
    assert import_counts(as_alice, "title,uid\nfirst,same\nsecond,same\n") == [0, 1, 1, 0]
    assert titles(alice) == ["first"]


def test_new_todos_are_last_in_file_order_and_updated_when_written(as_alice, alice, bob, monkeypatch):
    started_at = []

    def merge(*arguments):
        started_at.append(timezone.now())
        return merging.merge(*arguments)

    monkeypatch.setattr(importing, "merge", merge)
    for position in (0, ordering.HIGHEST, ordering.HIGHEST):
        make_todo(owner=alice, title="old", order=position)
    make_todo(owner=bob, title="Bob's")
    old = datetime(2020, 1, 1, tzinfo=UTC)
    content = "title,created_at\n" + "".join(f"{n},{old.isoformat()}\n" for n in range(20))
    assert import_counts(as_alice, content) == [20, 0, 0, 0]
    assert titles(alice) == ["old"] * 3 + [str(n) for n in range(20)]
    new = Todo.objects.get(title="7")
    assert (new.created_at, new.version) == (old, 1)
    assert new.updated_at >= started_at[0]
    assert titles(bob) == ["Bob's"]


def test_short_file_with_uids_does_not_read_whole_list(alice, django_assert_num_queries):
    for number in range(20):
        make_todo(owner=alice, uid=f"{number}")
    prepared = [merging.TodoPreparer(Todo(owner=alice)).prepare("7", {"title": "x", "notes": "", "due_on": None})]
    with django_assert_num_queries(1) as queries:
        existing = merging._ExistingTodos(alice, prepared)
    assert "IN ('7')" in queries[0]["sql"]
    assert existing.match(prepared[0]).uid == "7"
