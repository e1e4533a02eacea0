"""Migrations of existing lists: they keep their order, and their to-dos get uids and folded text."""

from importlib import import_module

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from todos.models import Todo

BEFORE = [("todos", "0001_todos")]


@pytest.mark.django_db(transaction=True)
def test_migrated_list_keeps_its_order(alice, monkeypatch):
    monkeypatch.setattr(import_module("todos.migrations.0006_fold_text"), "BATCH_SIZE", 100)
    executor = MigrationExecutor(connection)
    newest = executor.loader.graph.leaf_nodes()
    executor.migrate(BEFORE)
    try:
        old = executor.loader.project_state(BEFORE).apps.get_model("todos", "Todo")
        old.objects.bulk_create([old(owner_id=alice.pk, title=str(number), notes="ÄPFEL") for number in range(300)])
    finally:
        MigrationExecutor(connection).migrate(newest)
    todos = alice.todos.in_order()
    assert [todo.title for todo in todos] == [str(number) for number in range(300)]
    assert {todo.version for todo in todos} == {1}
    assert len({todo.uid for todo in todos if todo.uid}) == 300
    assert alice.todos.search("äpfel 299").get().title == "299"
    assert alice.todos.visible_to(alice).move(todos[2].pk, before=todos[1].pk)
    assert [todo.title for todo in alice.todos.in_order()[:3]] == ["0", "2", "1"]
    assert len(set(alice.todos.values_list("order", flat=True))) == 300


def test_no_index_is_a_prefix_of_another(db):
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, Todo._meta.db_table).values()
    indexes = [constraint["columns"] for constraint in constraints if constraint["index"] or constraint["unique"]]
    assert ["owner_id", "order", "id"] in indexes
    prefixes = [a for a in indexes for b in indexes if len(a) < len(b) and b[: len(a)] == a]
    assert prefixes == []
