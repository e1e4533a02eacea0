"""Protocol of the decoder subprocess: its messages, exit code and errors.

The parent starts `python -m uploads.decoding CONTENT_TYPE SOURCE DIRECTORY`. The decoder writes renditions into
DIRECTORY and reports on standard output, one JSON object per line:

    {"read": 65536}                                       bytes of the file read so far
    {"metadata": {"width": 4000, …}, "total": 3}          metadata, and the number of pictures or pages that follow
    {"made": [{"file": "1920.webp", "page": 1, …}]}       files of one more picture or page
    {"error": "unreadable_picture", "message": "…"}       why the file can't be decoded, for its owner

The decoder ends when its standard input is closed. A signal, or the exit code LIMIT_EXCEEDED, means that a resource
limit ended it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

LIMIT_EXCEEDED = 3

Send = Callable[[dict[str, Any]], None]
"""Sends one message to the parent."""

MakeRenditions = Callable[[str, Path, Path, Send], None]
"""The function `make_renditions(content_type, source, directory, send)` of each decoder module.

It sends the metadata, makes the renditions of the file `source` in `directory`, and reports each. Raises DecodeError.
"""


class DecodeError(Exception):
    """The file can't be decoded. `code` is for programs, `message` for the file's owner."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
