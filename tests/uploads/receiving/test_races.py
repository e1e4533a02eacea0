"""What comes in between: each test forces the moment at which another request, a kill or a lost answer does harm."""

import errno
import os
import shutil
from contextlib import contextmanager

import gevent
import pytest
from django.core.files.storage import InMemoryStorage, default_storage
from django.db import OperationalError, transaction
from gevent.event import AsyncResult

from tests.helpers import body, file, files_below, problem, run_queue
from tests.uploads.receiving.tus import TUS, create_transfer, head, offset, patch, post_transfer
from uploads import threads
from uploads.models import Transfer, Upload
from uploads.receiving import ingest, pieces, quota, transfers, tus
from uploads.receiving.body import BodyTooLong


@pytest.fixture(autouse=True)
def _commits_at_once(monkeypatch):
    """The transaction that a test is never commits."""
    monkeypatch.setattr(transaction, "on_commit", lambda call, **how: call())


def once(monkeypatch, target, name, before):
    """Do this before that function is called for the first time."""
    function = getattr(target, name)

    def call(*args, **kwargs):
        monkeypatch.setattr(target, name, function)
        before(*args)
        return function(*args, **kwargs)

    monkeypatch.setattr(target, name, call)


def download(client) -> bytes:
    return body(client.get(f"/uploads/{Upload.objects.get().pk}/download/"))


class TestAnotherWriter:
    @pytest.mark.parametrize("in_pieces", [False, True])
    def test_keeps_the_file_while_the_old_one_is_about_to(self, as_alice, state_dir, monkeypatch, in_pieces):
        """The old one was frozen when it had all bytes, of which the last are others than those that count."""
        url = create_transfer(as_alice, 11)
        patch(as_alice, url, 0, b"hello")
        if in_pieces:
            Transfer.objects.update(writing=True)  # as a killed process leaves it
        assert patch(as_alice, url, 5, b" wor").status_code == 204
        once(monkeypatch, pieces, "assemble", lambda *args: patch(as_alice, url, 9, b"ld"))
        assert patch(as_alice, url, 9, b"xx").status_code == 409
        assert download(as_alice) == b"hello world"
        assert files_below(state_dir) == [f"media/{Upload.objects.get().file.name}"]

    def test_keeps_the_file_while_the_old_one_puts_it_into_the_storage(self, as_alice, state_dir, monkeypatch):
        url = create_transfer(as_alice, 5)
        once(monkeypatch, ingest, "_link_or_copy", lambda *args: patch(as_alice, url, 0, b"BBBBB"))
        assert patch(as_alice, url, 0, b"aaaaa").status_code == 409
        assert download(as_alice) == b"BBBBB"
        assert files_below(state_dir) == [f"media/{Upload.objects.get().file.name}"]

    def test_of_an_object_store_that_takes_long(self, as_alice, monkeypatch, settings):
        settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
        url = create_transfer(as_alice, 5)
        once(monkeypatch, InMemoryStorage, "save", lambda *args: patch(as_alice, url, 0, b"BBBBB"))
        assert patch(as_alice, url, 0, b"aaaaa").status_code == 409
        with Upload.objects.get().file.open() as stored:
            assert stored.read() == b"BBBBB"
        assert len(default_storage.listdir(f"uploads/{Upload.objects.get().pk}")[1]) == 1

    def test_keeps_the_file_before_the_old_one_has_opened_it(self, as_alice, state_dir):
        url = create_transfer(as_alice, 10)
        patch(as_alice, url, 0, b"hello")
        old = transfers.Writer(Transfer.objects.get(), 5)
        assert patch(as_alice, url, 5, b"world").status_code == 204
        with pytest.raises(transfers.OffsetConflict), old:
            pass
        assert download(as_alice) == b"helloworld"
        assert list((state_dir / "incoming").iterdir()) == []

    def test_goes_on_with_a_file_that_was_begun_with_bytes(self, as_alice, monkeypatch):
        def go_on(*args):
            transfer = Transfer.objects.get()
            assert patch(as_alice, f"/api/tus/{transfer.pk}", 0, b"hel").status_code == 204

        once(monkeypatch, transfers, "release_connection", go_on)
        problem(post_transfer(as_alice, 5, content=b"hello"), 409)
        assert Transfer.objects.get().offset == 3


class TestDeleting:
    def test_a_file_that_has_just_been_finished(self, as_alice, state_dir, monkeypatch):
        url = create_transfer(as_alice, 5)
        once(monkeypatch, transfers, "terminate", lambda *args: patch(as_alice, url, 0, b"hello"))
        assert as_alice.delete(url, **TUS).status_code == 204
        assert not Upload.objects.exists()
        assert files_below(state_dir) == []

    def test_a_file_that_is_just_about_to_be_written_to(self, as_alice, state_dir):
        url = create_transfer(as_alice, 10)
        writer = transfers.Writer(Transfer.objects.get(), 0)
        assert as_alice.delete(url, **TUS).status_code == 204
        with pytest.raises(transfers.OffsetConflict), writer:
            writer.receive([b"x" * 10])
        assert list((state_dir / "incoming").iterdir()) == []

    def test_by_the_page_a_file_that_has_just_been_finished(self, as_alice, monkeypatch):
        url = create_transfer(as_alice, 5)
        once(monkeypatch, transfers, "terminate", lambda *args: patch(as_alice, url, 0, b"hello"))
        as_alice.post(f"/uploads/unfinished/{url.rpartition('/')[2]}/discard/")
        assert not Upload.objects.exists()


class TestKeeping:
    def test_fails_at_the_row(self, as_alice, state_dir, monkeypatch):
        as_alice.raise_request_exception = False

        def fail(upload):
            raise OperationalError("database is locked")

        url = create_transfer(as_alice, 5)
        with monkeypatch.context() as patched:
            patched.setattr(ingest, "record", fail)
            assert patch(as_alice, url, 0, b"hello").status_code == 500
        assert offset(as_alice, url) == 0
        assert [name.split("/")[0] for name in files_below(state_dir)] == ["incoming"]
        assert patch(as_alice, url, 0, b"HELLO").status_code == 204
        assert download(as_alice) == b"HELLO"
        as_alice.delete(url, **TUS)
        assert files_below(state_dir) == []

    def test_is_committed_and_only_the_answer_is_lost(self, as_alice, monkeypatch):
        as_alice.raise_request_exception = False
        durably = transfers._durably
        lost = []

        @contextmanager
        def lose_the_answer():
            with durably():
                yield
            if Upload.objects.exists() and not lost:
                lost.append(True)
                raise OperationalError("server closed the connection unexpectedly")

        monkeypatch.setattr(transfers, "_durably", lose_the_answer)
        url = create_transfer(as_alice, 5)
        assert patch(as_alice, url, 0, b"hello").status_code == 409
        assert offset(as_alice, url) == 5
        assert download(as_alice) == b"hello"

    def test_is_killed_before_the_commit(self, as_alice, alice, state_dir):
        """The next attempt's job clears away what it left."""
        url = create_transfer(as_alice, 5)
        left = state_dir / "media" / "uploads" / url.rpartition("/")[2] / "original-1"
        left.parent.mkdir(parents=True)
        left.write_bytes(b"hello")
        Transfer.objects.update(claim=1, writing=True)
        patch(as_alice, url, 0, b"hello")
        run_queue()
        assert files_below(state_dir) == [f"media/{Upload.objects.get().file.name}"]

    def test_goes_to_another_disk(self, as_alice, state_dir, monkeypatch, settings):
        """The bytes are there for good, and private, before they count."""

        def refuse(*args):
            raise OSError(errno.EXDEV, "Invalid cross-device link")

        synced = []
        fsync = os.fsync
        monkeypatch.setattr(os, "link", refuse)
        monkeypatch.setattr(os, "copy_file_range", refuse)
        monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(os.readlink(f"/proc/self/fd/{fd}")), fsync(fd)))
        patch(as_alice, create_transfer(as_alice, 5), 0, b"hello")
        upload = Upload.objects.get()
        assert upload.file.path in synced
        assert os.stat(upload.file.path).st_mode & 0o777 == settings.FILE_UPLOAD_PERMISSIONS
        assert download(as_alice) == b"hello"

    def test_loses_its_directory_to_another_attempt(self, as_alice, monkeypatch):
        """That one failed, and took away its file and the directory, which was empty but for that."""
        once(monkeypatch, os, "link", lambda path, target: shutil.rmtree(target.parent))
        assert patch(as_alice, create_transfer(as_alice, 5), 0, b"hello").status_code == 204
        assert download(as_alice) == b"hello"


class TestLostBytes:
    def test_are_told_and_stay_lost(self, as_alice, state_dir):
        url = create_transfer(as_alice, 15)
        patch(as_alice, url, 0, b"hello")
        shutil.rmtree(state_dir / "incoming")
        problem(patch(as_alice, url, 5, b"world"), 410)
        assert head(as_alice, url).status_code == 410
        problem(patch(as_alice, url, 5, b"world"), 410)

    def test_are_told_when_the_file_is_to_be_kept(self, as_alice, state_dir, monkeypatch):
        url = create_transfer(as_alice, 5)
        once(monkeypatch, pieces, "assemble", lambda *args: shutil.rmtree(state_dir / "incoming"))
        problem(patch(as_alice, url, 0, b"hello"), 410)
        assert not Upload.objects.exists()

    def test_of_parts(self, as_alice, state_dir):
        part = create_transfer(as_alice, 5, content=b"hello", HTTP_UPLOAD_CONCAT="partial")
        shutil.rmtree(state_dir / "incoming")
        problem(post_transfer(as_alice, None, HTTP_UPLOAD_CONCAT=f"final;{part}"), 409)
        assert files_below(state_dir) == []


def test_restoring_while_the_trash_makes_way(alice, settings, monkeypatch):
    settings.USER_QUOTA_BYTES = 10
    upload = ingest.create_upload(alice, file(b"12345678"))
    upload.trash()
    once(monkeypatch, quota, "lock_owner", lambda owner: upload.restore())
    with pytest.raises(quota.QuotaExceeded):
        quota.reserve(alice, 9)
    assert list(alice.uploads.visible_to(alice)) == [upload]


def test_a_process_that_is_told_to_end_does_not_close_a_file_that_a_thread_still_writes_to(as_alice, monkeypatch):
    create_transfer(as_alice, 100)
    writer = transfers.Writer(Transfer.objects.get(), 0)
    begun_write = threads.ThreadTask(int)
    begun_write._outcome = AsyncResult()
    was_done = []
    close = pieces.PieceWriter.close
    monkeypatch.setattr(transfers, "ThreadTask", lambda function, *args: begun_write)
    monkeypatch.setattr(pieces.PieceWriter, "close", lambda tail: (was_done.append(begun_write.is_done()), close(tail)))

    def send():
        with writer:
            writer.receive([b"x", b"y"])

    sender = gevent.spawn(send)
    gevent.sleep(0)
    sender.kill(block=False)
    gevent.sleep(0)
    begun_write._outcome.set((None, None))
    sender.join(5)
    assert was_done == [True]


def test_the_view_of_tus_knows_all_that_can_go_wrong():
    """Whatever `transfers` may raise has words, so that none of it is a 500."""
    raised = {each for each in vars(transfers).values() if isinstance(each, type) and issubclass(each, Exception)}
    own = {each for each in raised if each.__module__ == transfers.__name__}
    assert own | {BodyTooLong} == set(tus.PROBLEMS)  # the latter by the body that a writer reads
