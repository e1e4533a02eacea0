"""Where the bytes are: in a directory of this machine; or in an object store, which `storage/s3.py` knows.

Everything else asks Django's default storage. What both can say besides is whether they work (`check`), and when
they don't, that is a StorageUnavailable.
"""

import os
from contextlib import suppress
from pathlib import Path

from django.core.files.storage import FileSystemStorage


class StorageUnavailable(OSError):
    """The place where the bytes are doesn't answer, or refuses: nothing that the person who asked can change."""


class Directory(FileSystemStorage):
    """Files below MEDIA in STATE_DIR."""

    def delete(self, name: str) -> None:
        """The directory of a file goes with the last one in it."""
        super().delete(name)
        directory = Path(self.path(name)).parent
        if directory != Path(self.location):
            with suppress(OSError):  # it holds another file, or is gone
                directory.rmdir()

    def check(self) -> None:
        """Raises StorageUnavailable if nothing could be kept now."""
        if not os.access(self.location, os.W_OK | os.X_OK):
            raise StorageUnavailable(f"{self.location} can't be written to")
