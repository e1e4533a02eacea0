"""The child process that opens what users sent: `python -m uploads.decoder CONTENT_TYPE SOURCE DIRECTORY`.

Nothing else in Headway decodes what a user sent. This process has no database, no secrets in its environment, and
limits on memory and time that it sets before it opens the file. It writes its renditions into DIRECTORY and says
what it does on standard output, a JSON object a line:

    {"read": 65536}                                       it has read the file so far, in bytes
    {"metadata": {"width": 4000, …}, "total": 3}          what the file is; so many pictures, or pages, will follow
    {"made": [{"file": "1920.webp", "page": 1, …}]}       one more of them is done, and these are its files
    {"error": "unreadable_picture", "message": "…"}       it can't be done, and why, for the file's owner

It ends by itself when its standard input is closed. A signal, or the exit code OUT_OF_MEMORY, means that a limit
ended it.
"""

import ctypes
import json
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

MEMORY_BYTES = 2 * 1024**3
CPU_SECONDS = 120
OUT_OF_MEMORY = 3
TOLD_TO_END = 4
PDF = "application/pdf"
PR_SET_PDEATHSIG = 1

Say = Callable[[dict[str, Any]], None]


class Refused(Exception):
    """The file can't be shown. `code` is for programs, `message` for its owner."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def main(content_type: str, source: Path, directory: Path, say: Say) -> None:
    """Make the renditions; a file that can't be read is said, not raised. Raises MemoryError and OSError."""
    try:
        if content_type == PDF:
            from uploads import pdf

            pdf.make_renditions(source, directory, say)
        else:
            from uploads import raster

            raster.make_renditions(content_type, source, directory, say)
    except Refused as why:
        if why.__cause__:
            print(f"{source}: {type(why.__cause__).__name__}: {why.__cause__}", file=sys.stderr)
        say({"error": why.code, "message": why.message})


def limit() -> None:
    """Take away what a hostile file could make this process do harm with; and its life, if its worker is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def end_when_told() -> None:
    """End this process, whatever the decoder is at, once nobody holds the other end of its standard input."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(TOLD_TO_END)


def print_line(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def run(content_type: str, source: str, directory: str) -> None:
    """All that this process does."""
    limit()
    threading.Thread(target=end_when_told, daemon=True).start()
    try:
        main(content_type, Path(source), Path(directory), print_line)
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)


if __name__ == "__main__":
    from uploads import decoder  # by its name, so that what the others import from it is the same

    decoder.run(*sys.argv[1:])
