"""Processing of uploads in a storage without local paths, such as an object store."""

import hashlib

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage

from progress.models import State
from tests.helpers import file, files_below, photo, run_queue
from tests.uploads.files import pdf
from uploads.receiving import ingest


class RemoteStorage(Storage):
    """Storage in memory whose files have no local paths. Records the names of opened files."""

    def __init__(self):
        self.files, self.opened = {}, []

    def _open(self, name, mode):
        self.opened.append(name)
        return ContentFile(self.files[name])

    def _save(self, name, content):
        self.files[name] = content.read()
        return name

    def delete(self, name):
        self.files.pop(name, None)

    def exists(self, name):
        return False

    def listdir(self, path):
        return [], [name.rsplit("/", 1)[1] for name in self.files if name.startswith(path)]


@pytest.fixture
def remote_storage(settings) -> RemoteStorage:
    """Replace the default storage by a RemoteStorage."""
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": f"{__name__}.RemoteStorage"}}
    default_storage.exists("")  # the first call creates the storage
    return default_storage._wrapped


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (photo(), ["320.webp", "400.webp", "original"]),
        (pdf(), ["original", "page-1-320.webp", "page-1-960.webp"]),
        (b"words", ["original"]),
    ],
    ids=["picture", "PDF", "text"],
)
def test_file_is_fetched_once(alice, remote_storage, state_dir, content, names):
    upload = ingest.create_upload(alice, file(content))
    run_queue()
    upload.refresh_from_db()
    assert upload.job.state == State.SUCCEEDED
    assert upload.sha256 == hashlib.sha256(content).hexdigest()
    assert remote_storage.opened == [upload.file.name]
    assert sorted(remote_storage.files) == [f"uploads/{upload.pk}/{name}" for name in names]
    assert files_below(state_dir) == []


def test_unavailable_storage_does_not_hide_why_the_job_failed(alice, remote_storage, monkeypatch):
    def fail(path):
        raise OSError("the storage is unavailable")

    upload = ingest.create_upload(alice, file(photo()[:300]))
    monkeypatch.setattr(remote_storage, "listdir", fail)
    run_queue()
    upload.refresh_from_db()
    assert (upload.job.state, upload.job.error_code) == (State.FAILED, "unreadable_picture")
