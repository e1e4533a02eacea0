"""Names of files in an archive that every system can unpack: safe, short enough, and unique.

Names of uploads are those that users chose. File systems differ: some ignore case, some store accents in another way,
some limit names to 255 bytes, and Windows has characters and names of its own.
"""

import re
import unicodedata
from itertools import count
from pathlib import PurePosixPath

from uploads.receiving.names import UNNAMED, clean_name

MAX_BYTES = 240
"""Of 255 bytes, the rest is for the number of a duplicate."""

MAX_EXTENSION = 20
FORBIDDEN_IN_WINDOWS = re.compile(r'[<>:"|?*]')
DEVICES_OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\.|$)", re.IGNORECASE)


class UniqueNames:
    """The names used in one folder."""

    def __init__(self) -> None:
        self._used: set[str] = set()
        self._next: dict[str, int] = {}

    def add(self, name: str) -> str:
        """Return the name as the archive can contain it. A duplicate gets a number: "photo (2).jpg"."""
        path = PurePosixPath(portable(name))
        start = self._next.get(_key(path.name), 1)
        for number in count(start):
            unique = path.name if number == 1 else f"{path.stem} ({number}){path.suffix}"
            if _key(unique) not in self._used:
                break
        self._next[_key(path.name)] = number + 1
        self._used.add(_key(unique))
        return unique


def portable(name: str) -> str:
    """Return the last part of the path without what some systems reject, and with at most MAX_BYTES bytes."""
    name = FORBIDDEN_IN_WINDOWS.sub("_", clean_name(name)).rstrip(". ")
    name = f"_{name}" if DEVICES_OF_WINDOWS.match(name) else name
    extension = PurePosixPath(name).suffix
    if len(extension) > MAX_EXTENSION:
        extension = ""
    stem = name.removesuffix(extension).encode()[: MAX_BYTES - len(extension.encode())]
    return (stem.decode(errors="ignore") + extension).rstrip(". ") or UNNAMED


def _key(name: str) -> str:
    """Return what file systems compare that ignore case or store accents in another way."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())
