"""Concurrent transactions that change the same upload. They need PostgreSQL, since SQLite serializes writers."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

import todos.retention
from tests.helpers import body, file, files_below, make_todo, photo
from tests.uploads.helpers import NullProgress
from tests.uploads.receiving.tus import TUS, create_transfer, patch
from todos.models import Todo
from uploads import processing, retention
from uploads.models import Rendition, Upload
from uploads.receiving import ingest

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def test_deletion_waits_until_renditions_are_recorded(alice, state_dir, monkeypatch):
    upload = ingest.create_upload(alice, file(photo()))
    recorded, may_commit, deleted = threading.Event(), threading.Event(), threading.Event()
    record = Rendition.objects.update_or_create

    def record_and_wait(**values):
        result = record(**values)
        recorded.set()
        assert may_commit.wait(20)
        return result

    def process():
        try:
            processing.process(upload, NullProgress())
        finally:
            connection.close()

    def delete():
        try:
            Upload.objects.get(pk=upload.pk).delete()
            deleted.set()
        finally:
            connection.close()

    monkeypatch.setattr(Rendition.objects, "update_or_create", record_and_wait)
    threads = [threading.Thread(target=process), threading.Thread(target=delete)]
    threads[0].start()
    assert recorded.wait(20)
    threads[1].start()
    wait_until_a_transaction_waits_for_a_lock()
    may_commit.set()
    for thread in threads:
        thread.join(20)
    assert deleted.is_set()
    assert not Upload.objects.exists()
    assert not Rendition.objects.exists()
    assert files_below(state_dir) == []


@contextmanager
def blocked_by_this_transaction(function: Callable[[], Any]) -> Iterator[Future]:
    """Run the block in a transaction, which is committed once `function` waits in a thread for one of its locks.

    Yield a future for the result of `function`. It is done after the block.
    """

    def call_and_close() -> Any:
        try:
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        result: Future = Future()
        with transaction.atomic():
            yield result
            thread = pool.submit(call_and_close)
            wait_until_a_transaction_waits_for_a_lock()
        result.set_result(thread.result(20))


class TestTrashPurge:
    def test_keeps_concurrently_restored_upload(self, as_alice, alice):
        upload = ingest.create_upload(alice, file(b"precious"))
        Upload.objects.update(deleted_at=timezone.now() - 2 * retention.TRASH_RETENTION)
        with blocked_by_this_transaction(retention.prune):
            as_alice.post(f"/uploads/{upload.pk}/restore/")
        assert body(as_alice.get(f"/uploads/{upload.pk}/download/")) == b"precious"

    def test_keeps_concurrently_restored_todo(self, alice):
        todo = make_todo(owner=alice, deleted_at=timezone.now() - 2 * retention.TRASH_RETENTION)
        with blocked_by_this_transaction(todos.retention.prune):
            Todo.objects.all().restore()
        assert Todo.objects.visible_to(alice).get() == todo

    def test_returns_404_if_a_purged_upload_is_restored(self, as_alice, alice, state_dir):
        upload = ingest.create_upload(alice, file())
        Upload.objects.update(deleted_at=timezone.now() - 2 * retention.TRASH_RETENTION)
        with blocked_by_this_transaction(lambda: as_alice.post(f"/uploads/{upload.pk}/restore/")) as restored:
            retention.prune()
            assert files_below(state_dir) != []  # bytes are deleted after the commit
        assert restored.result().status_code == 404
        assert files_below(state_dir) == []


class TestAttaching:
    def test_of_concurrently_deleted_upload_returns_404(self, as_alice, alice):
        upload, todo = ingest.create_upload(alice, file()), make_todo(owner=alice)
        attach = partial(as_alice.post, f"/todos/{todo.pk}/attach/", {"upload": upload.pk})
        with blocked_by_this_transaction(attach) as attached:
            upload.delete()
        assert attached.result().status_code == 404

    def test_to_concurrently_deleted_todo_returns_404(self, as_alice, alice):
        upload, todo = ingest.create_upload(alice, file()), make_todo(owner=alice)
        attach = partial(as_alice.post, f"/todos/{todo.pk}/attach/", {"upload": upload.pk})
        with blocked_by_this_transaction(attach) as attached:
            todo.delete()
        assert attached.result().status_code == 404

    @pytest.mark.parametrize("model", ["uploads/upload", "todos/todo"])
    def test_during_deletion_in_the_admin_is_no_error(self, as_admin, alice, model):
        upload, todo = ingest.create_upload(alice, file()), make_todo(owner=alice)
        pk = upload.pk if model == "uploads/upload" else todo.pk
        form = {"action": "delete_selected", "_selected_action": [str(pk)], "post": "yes"}
        with blocked_by_this_transaction(lambda: as_admin.post(f"/admin/{model}/", form)) as deleted:
            todo.attach(upload)
        assert deleted.result().status_code == 302
        assert not todo.attachments.exists()


def test_concurrent_deletions_by_tus_and_by_page_do_not_deadlock(as_alice, alice):
    url = create_transfer(as_alice, 5)
    patch(as_alice, url, 0, b"hello")
    upload = Upload.objects.get()
    with blocked_by_this_transaction(lambda: as_alice.delete(url, **TUS)) as deleted:
        upload.delete()
    assert deleted.result().status_code in (204, 404)
    assert not Upload.objects.exists()


def wait_until_a_transaction_waits_for_a_lock():
    with connection.cursor() as cursor:
        for _ in range(2000):
            cursor.execute("SELECT pg_sleep(0.01), count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[1]:
                return
    pytest.fail("no transaction waited for a lock")
