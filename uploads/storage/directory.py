"""Storage in a directory of this machine. `storage/s3.py` is the other storage, an object store.

All other modules use Django's default storage. Both storages have a method `check` besides, and raise
StorageUnavailable.
"""

import os
from contextlib import suppress
from pathlib import Path

from django.core.files.storage import FileSystemStorage


class StorageUnavailable(OSError):
    """The storage doesn't respond or rejects requests. Only an administrator can change that."""


class Directory(FileSystemStorage):
    """Files below MEDIA in STATE_DIR."""

    def delete(self, name: str) -> None:
        """Delete the file, and its directory if that is empty then."""
        super().delete(name)
        directory = Path(self.path(name)).parent
        if directory != Path(self.location):
            with suppress(OSError):  # it has other files, or is deleted already
                directory.rmdir()

    def check(self) -> None:
        """Raise StorageUnavailable if files can't be stored."""
        if not os.access(self.location, os.W_OK | os.X_OK):
            raise StorageUnavailable(f"{self.location} can't be written to")
