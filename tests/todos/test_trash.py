"""The trash: deleting, restoring, and permanent deletion after 30 days."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.module_loading import import_string
from django_q.models import Schedule

from tests.helpers import after_select, file, make_todo
from todos import models, retention
from todos.models import Attachment, Todo
from uploads.receiving import ingest


def test_trashed_todo_returns_404(as_alice, alice):
    todo = make_todo(owner=alice)
    assert as_alice.delete(f"/api/todos/{todo.pk}/").status_code == 204
    assert as_alice.get("/api/todos/").json() == []
    for url in (f"/api/todos/{todo.pk}/", f"/todos/{todo.pk}/"):
        assert as_alice.get(url).status_code == 404
    assert as_alice.delete(f"/api/todos/{todo.pk}/").status_code == 404
    assert as_alice.post(f"/todos/{todo.pk}/toggle/").status_code == 404
    assert "Buy milk" not in as_alice.get("/todos/").text


def test_trash_returns_ids_for_restore(alice, bob):
    completed_ids = [make_todo(owner=alice, completed_at=Now()).pk for _ in range(3)]
    make_todo(owner=alice)
    make_todo(owner=bob, completed_at=Now())
    before = list(Todo.objects.in_order().values_list("pk", flat=True))
    earlier = make_todo(owner=alice, completed_at=Now())
    Todo.objects.filter(pk=earlier.pk).trash()
    trashed_ids = Todo.objects.visible_to(alice).completed().trash()
    assert trashed_ids == completed_ids
    assert Todo.objects.visible_to(alice).completed().trash() == []
    assert Todo.objects.visible_to(bob).count() == 1
    assert Todo.objects.filter(owner=bob, pk__in=trashed_ids).restore() == []
    assert Todo.objects.filter(owner=alice, pk__in=trashed_ids).restore() == completed_ids
    assert list(Todo.objects.exclude(pk=earlier.pk).in_order().values_list("pk", flat=True)) == before


def test_toggle_all_completes_active_todos_then_reactivates_all(as_alice, alice, bob):
    """The button reactivates all to-dos if none is active, as TodoMVC specifies."""
    completed, active = make_todo(owner=alice, completed_at=Now()), make_todo(owner=alice)
    make_todo(owner=bob)
    button = re.compile(r'formaction="/todos/toggle-all/" name="completed" value="(.*?)"')
    states = []
    for _ in range(3):
        value = button.search(as_alice.get("/todos/").text)[1]
        as_alice.post("/todos/toggle-all/", {"completed": value})
        states.append(list(Todo.objects.visible_to(alice).completed().in_order()))
    assert states == [[completed, active], [], [completed, active]]
    assert not Todo.objects.visible_to(bob).completed().exists()


@pytest.mark.django_db
def test_complete_and_reactivate_without_todos_change_nothing():
    assert Todo.objects.none().complete() == []
    assert Todo.objects.none().reactivate() == []


def test_many_todos_are_updated_in_batches(alice, monkeypatch):
    monkeypatch.setattr(models, "BATCH_SIZE", 3)
    ids = [make_todo(owner=alice).pk for _ in range(7)]
    with CaptureQueriesContext(connection) as queries:
        assert Todo.objects.visible_to(alice).trash() == ids
    assert len([query for query in queries if query["sql"].startswith("UPDATE")]) == 3
    assert Todo.objects.in_trash().count() == 7


def test_prune_deletes_todos_after_30_days_and_keeps_uploads(alice, monkeypatch):
    monkeypatch.setattr(retention, "BATCH_SIZE", 2)
    upload = ingest.create_upload(alice, file())
    todos = [make_todo(owner=alice) for _ in range(6)]
    todos[0].attach(upload)
    Todo.objects.filter(pk__in=[todo.pk for todo in todos[:5]]).update(
        deleted_at=timezone.now() - timedelta(days=30, seconds=1)
    )
    recent = make_todo(owner=alice, deleted_at=timezone.now() - timedelta(days=29))
    retention.prune()
    assert list(Todo.objects.all()) == [todos[5], recent]
    assert not Attachment.objects.exists()
    assert alice.uploads.get() == upload


def test_todo_restored_after_the_trash_was_listed_is_kept(alice):
    todo = make_todo(owner=alice, deleted_at=timezone.now() - timedelta(days=31))
    with after_select("todos_todo", Todo.objects.all().restore):
        retention.prune()
    assert list(Todo.objects.visible_to(alice)) == [todo]


def test_permanent_deletion_of_an_upload_keeps_the_todo(alice):
    upload = ingest.create_upload(alice, file())
    todo = make_todo(owner=alice)
    todo.attach(upload)
    upload.delete()
    assert list(todo.attachments.all()) == []
    todo.refresh_from_db()


def test_edit_page_omits_trashed_attachments(as_alice, alice):
    kept, trashed = (ingest.create_upload(alice, file(name=name)) for name in ("kept.txt", "trashed.txt"))
    todo = make_todo(owner=alice)
    todo.set_attachments([kept, trashed])
    trashed.trash()
    for page in (as_alice.get(f"/todos/{todo.pk}/"), as_alice.post(f"/todos/{todo.pk}/attach/")):
        assert "kept.txt" in page.text
        assert "trashed.txt" not in page.text


def test_restored_upload_is_attached_again(alice):
    first, second = (ingest.create_upload(alice, file()) for _ in range(2))
    todo = make_todo(owner=alice)
    todo.attach(first)
    first.trash()
    todo.attach(second)
    assert [attachment.upload for attachment in Todo.objects.for_list().get().visible_attachments] == [second]
    first.restore()
    assert {attachment.upload for attachment in Todo.objects.for_list().get().attachments.all()} == {first, second}


@pytest.mark.django_db
def test_prune_is_scheduled():
    retention.create_schedules()
    schedule = Schedule.objects.get(name=retention.PRUNE_SCHEDULE)
    assert import_string(schedule.func) is retention.prune
