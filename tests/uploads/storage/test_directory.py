"""Storage in a directory: deletion of files and empty directories, and its check."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from uploads.storage.directory import StorageUnavailable


def test_directory_is_deleted_with_its_last_file(state_dir):
    for name in ("uploads/x/original", "uploads/x/320.webp"):
        default_storage.save(name, ContentFile(b"x"))
    default_storage.delete("uploads/x/original")
    assert (state_dir / "media/uploads/x/320.webp").exists()
    default_storage.delete("uploads/x/320.webp")
    assert not (state_dir / "media/uploads/x").exists()


def test_root_directory_is_never_deleted(state_dir):
    default_storage.save("original", ContentFile(b"x"))
    default_storage.delete("original")
    assert (state_dir / "media").is_dir()


def test_deleting_a_missing_file_is_no_error(state_dir):
    default_storage.delete("uploads/x/original")


def test_check_fails_without_the_root_directory(state_dir):
    default_storage.check()
    (state_dir / "media").rmdir()
    with pytest.raises(StorageUnavailable):
        default_storage.check()
