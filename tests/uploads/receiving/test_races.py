"""Races of transfers with other requests, killed processes and lost responses, each forced at the critical moment."""

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
def _on_commit_immediately(monkeypatch):
    """Run callbacks of `on_commit` immediately, because the transaction of a test is rolled back."""
    monkeypatch.setattr(transaction, "on_commit", lambda callback, **options: callback())


def before_first_call(monkeypatch, target, name, act):
    """Call `act` right before the first call to the function `name` of `target`."""
    function = getattr(target, name)

    def act_and_call(*args, **kwargs):
        monkeypatch.setattr(target, name, function)
        act(*args)
        return function(*args, **kwargs)

    monkeypatch.setattr(target, name, act_and_call)


def download(client) -> bytes:
    return body(client.get(f"/uploads/{Upload.objects.get().pk}/download/"))


class TestNewWriter:
    @pytest.mark.parametrize("in_pieces", [False, True])
    def test_completes_the_file_before_the_old_writer_assembles_it(self, as_alice, state_dir, monkeypatch, in_pieces):
        """The old writer was suspended after it had written all bytes. Its last bytes differ from the new writer's."""
        url = create_transfer(as_alice, 11)
        patch(as_alice, url, 0, b"hello")
        if in_pieces:
            Transfer.objects.update(writing=True)  # as a killed process leaves it
        assert patch(as_alice, url, 5, b" wor").status_code == 204
        before_first_call(monkeypatch, pieces, "assemble", lambda *args: patch(as_alice, url, 9, b"ld"))
        assert patch(as_alice, url, 9, b"xx").status_code == 409
        assert download(as_alice) == b"hello world"
        assert files_below(state_dir) == [f"media/{Upload.objects.get().file.name}"]

    def test_completes_the_file_while_the_old_writer_stores_it(self, as_alice, state_dir, monkeypatch):
        url = create_transfer(as_alice, 5)
        before_first_call(monkeypatch, ingest, "_link_or_copy", lambda *args: patch(as_alice, url, 0, b"BBBBB"))
        assert patch(as_alice, url, 0, b"aaaaa").status_code == 409
        assert download(as_alice) == b"BBBBB"
        assert files_below(state_dir) == [f"media/{Upload.objects.get().file.name}"]

    def test_completes_the_file_while_the_old_writer_stores_it_in_an_object_store(
        self, as_alice, monkeypatch, settings
    ):
        settings.STORAGES = {**settings.STORAGES, "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}
        url = create_transfer(as_alice, 5)
        before_first_call(monkeypatch, InMemoryStorage, "save", lambda *args: patch(as_alice, url, 0, b"BBBBB"))
        assert patch(as_alice, url, 0, b"aaaaa").status_code == 409
        with Upload.objects.get().file.open() as stored:
            assert stored.read() == b"BBBBB"
        assert len(default_storage.listdir(f"uploads/{Upload.objects.get().pk}")[1]) == 1

    def test_completes_the_file_before_the_old_writer_opens_it(self, as_alice, state_dir):
        url = create_transfer(as_alice, 10)
        patch(as_alice, url, 0, b"hello")
        old = transfers.Writer(Transfer.objects.get(), 5)
        assert patch(as_alice, url, 5, b"world").status_code == 204
        with pytest.raises(transfers.OffsetConflict), old:
            pass
        assert download(as_alice) == b"helloworld"
        assert list((state_dir / "incoming").iterdir()) == []

    def test_continues_a_transfer_during_creation_with_bytes(self, as_alice, monkeypatch):
        def send_bytes(*args):
            transfer = Transfer.objects.get()
            assert patch(as_alice, f"/api/tus/{transfer.pk}", 0, b"hel").status_code == 204

        before_first_call(monkeypatch, transfers, "release_connection", send_bytes)
        problem(post_transfer(as_alice, 5, content=b"hello"), 409)
        assert Transfer.objects.get().offset == 3


class TestTermination:
    def test_deletes_concurrently_finished_file(self, as_alice, state_dir, monkeypatch):
        url = create_transfer(as_alice, 5)
        before_first_call(monkeypatch, transfers, "terminate", lambda *args: patch(as_alice, url, 0, b"hello"))
        assert as_alice.delete(url, **TUS).status_code == 204
        assert not Upload.objects.exists()
        assert files_below(state_dir) == []

    def test_ends_a_writer_before_it_opens_its_piece(self, as_alice, state_dir):
        url = create_transfer(as_alice, 10)
        writer = transfers.Writer(Transfer.objects.get(), 0)
        assert as_alice.delete(url, **TUS).status_code == 204
        with pytest.raises(transfers.OffsetConflict), writer:
            writer.receive([b"x" * 10])
        assert list((state_dir / "incoming").iterdir()) == []

    def test_by_the_page_deletes_concurrently_finished_file(self, as_alice, monkeypatch):
        url = create_transfer(as_alice, 5)
        before_first_call(monkeypatch, transfers, "terminate", lambda *args: patch(as_alice, url, 0, b"hello"))
        as_alice.post(f"/uploads/unfinished/{url.rpartition('/')[2]}/discard/")
        assert not Upload.objects.exists()


class TestCompletion:
    def test_can_be_repeated_after_a_database_error(self, as_alice, state_dir, monkeypatch):
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

    def test_keeps_the_file_if_the_commit_succeeds_but_raises(self, as_alice, monkeypatch):
        as_alice.raise_request_exception = False
        durably = transfers._durably
        failures = []

        @contextmanager
        def commit_and_fail():
            with durably():
                yield
            if Upload.objects.exists() and not failures:
                failures.append(True)
                raise OperationalError("server closed the connection unexpectedly")

        monkeypatch.setattr(transfers, "_durably", commit_and_fail)
        url = create_transfer(as_alice, 5)
        assert patch(as_alice, url, 0, b"hello").status_code == 409
        assert offset(as_alice, url) == 5
        assert download(as_alice) == b"hello"

    def test_deletes_the_file_of_a_completion_killed_before_its_commit(self, as_alice, alice, state_dir):
        """The job of the next completion deletes the file that the killed one has stored."""
        url = create_transfer(as_alice, 5)
        leftover = state_dir / "media" / "uploads" / url.rpartition("/")[2] / "original-1"
        leftover.parent.mkdir(parents=True)
        leftover.write_bytes(b"hello")
        Transfer.objects.update(claim=1, writing=True)
        patch(as_alice, url, 0, b"hello")
        run_queue()
        assert files_below(state_dir) == [f"media/{Upload.objects.get().file.name}"]

    def test_copies_and_syncs_the_file_to_another_disk(self, as_alice, state_dir, monkeypatch, settings):
        def fail(*args):
            raise OSError(errno.EXDEV, "Invalid cross-device link")

        synced = []
        fsync = os.fsync
        monkeypatch.setattr(os, "link", fail)
        monkeypatch.setattr(os, "copy_file_range", fail)
        monkeypatch.setattr(os, "fsync", lambda fd: (synced.append(os.readlink(f"/proc/self/fd/{fd}")), fsync(fd)))
        patch(as_alice, create_transfer(as_alice, 5), 0, b"hello")
        upload = Upload.objects.get()
        assert upload.file.path in synced
        assert os.stat(upload.file.path).st_mode & 0o777 == settings.FILE_UPLOAD_PERMISSIONS
        assert download(as_alice) == b"hello"

    def test_recreates_concurrently_deleted_directory(self, as_alice, monkeypatch):
        """Another completion failed and deleted its file and with it the directory, which was empty then."""
        before_first_call(monkeypatch, os, "link", lambda path, target: shutil.rmtree(target.parent))
        assert patch(as_alice, create_transfer(as_alice, 5), 0, b"hello").status_code == 204
        assert download(as_alice) == b"hello"


class TestLostBytes:
    def test_return_410_and_expire_the_transfer(self, as_alice, state_dir):
        url = create_transfer(as_alice, 15)
        patch(as_alice, url, 0, b"hello")
        shutil.rmtree(state_dir / "incoming")
        problem(patch(as_alice, url, 5, b"world"), 410)
        assert head(as_alice, url).status_code == 410
        problem(patch(as_alice, url, 5, b"world"), 410)

    def test_at_completion_return_410(self, as_alice, state_dir, monkeypatch):
        url = create_transfer(as_alice, 5)
        before_first_call(monkeypatch, pieces, "assemble", lambda *args: shutil.rmtree(state_dir / "incoming"))
        problem(patch(as_alice, url, 0, b"hello"), 410)
        assert not Upload.objects.exists()

    def test_of_parts_return_409(self, as_alice, state_dir):
        part = create_transfer(as_alice, 5, content=b"hello", HTTP_UPLOAD_CONCAT="partial")
        shutil.rmtree(state_dir / "incoming")
        problem(post_transfer(as_alice, None, HTTP_UPLOAD_CONCAT=f"final;{part}"), 409)
        assert files_below(state_dir) == []


def test_upload_restored_before_the_quota_is_reserved_is_kept(alice, settings, monkeypatch):
    settings.USER_QUOTA_BYTES = 10
    upload = ingest.create_upload(alice, file(b"12345678"))
    upload.trash()
    before_first_call(monkeypatch, quota, "lock_owner", lambda owner: upload.restore())
    with pytest.raises(quota.QuotaExceeded):
        quota.reserve(alice, 9)
    assert list(alice.uploads.visible_to(alice)) == [upload]


def test_killed_writer_closes_its_piece_after_the_write_in_a_thread(as_alice, monkeypatch):
    create_transfer(as_alice, 100)
    writer = transfers.Writer(Transfer.objects.get(), 0)
    write = threads.ThreadTask(int)
    write._outcome = AsyncResult()
    done_at_close = []
    close = pieces.PieceWriter.close
    monkeypatch.setattr(transfers, "ThreadTask", lambda function, *args: write)
    monkeypatch.setattr(
        pieces.PieceWriter, "close", lambda piece: (done_at_close.append(write.is_done()), close(piece))
    )

    def send():
        with writer:
            writer.receive([b"x", b"y"])

    sender = gevent.spawn(send)
    gevent.sleep(0)
    sender.kill(block=False)
    gevent.sleep(0)
    write._outcome.set((None, None))
    sender.join(5)
    assert done_at_close == [True]


def test_tus_view_handles_every_exception_of_transfers():
    """Any other exception would be a 500."""
    exceptions = {
        value for value in vars(transfers).values() if isinstance(value, type) and issubclass(value, Exception)
    }
    defined = {exception for exception in exceptions if exception.__module__ == transfers.__name__}
    assert defined | {BodyTooLong} == set(tus.PROBLEMS)  # a writer reads the body, which may be too long
