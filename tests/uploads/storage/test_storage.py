"""Files in a directory: it is left as tidy as it was."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from uploads.storage.directory import StorageUnavailable


def test_a_directory_goes_with_its_last_file(state_dir):
    for name in ("uploads/x/original", "uploads/x/320.webp"):
        default_storage.save(name, ContentFile(b"x"))
    default_storage.delete("uploads/x/original")
    assert (state_dir / "media/uploads/x/320.webp").exists()
    default_storage.delete("uploads/x/320.webp")
    assert not (state_dir / "media/uploads/x").exists()


def test_the_directory_of_all_files_stays(state_dir):
    default_storage.save("original", ContentFile(b"x"))
    default_storage.delete("original")
    assert (state_dir / "media").is_dir()


def test_what_is_not_there_can_be_deleted(state_dir):
    default_storage.delete("uploads/x/original")


def test_a_directory_that_is_gone_is_no_place_for_files(state_dir):
    default_storage.check()
    (state_dir / "media").rmdir()
    with pytest.raises(StorageUnavailable):
        default_storage.check()
