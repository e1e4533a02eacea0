"""The child process that opens what users sent: `python -m uploads.decoder CONTENT_TYPE SOURCE DIRECTORY`.

Nothing else in Headway decodes what a user sent. This process has no database, no secrets in its environment, and
limits on memory, time, file size, open files and new processes that it sets before it opens the file. It is not a
sandbox: it can read the files that its user can read, and use the network. It writes its renditions into DIRECTORY and
reports its progress on standard output, a JSON object a line:

    {"read": 65536}                                       it has read the file so far, in bytes
    {"metadata": {"width": 4000, …}, "total": 3}          what the file is; so many pictures, or pages, will follow
    {"made": [{"file": "1920.webp", "page": 1, …}]}       one more of them is done, and these are its files
    {"error": "unreadable_picture", "message": "…"}       it can't be done, and why, for the file's owner

It ends by itself when its standard input is closed. A signal, or the exit code LIMIT_EXCEEDED, means that a limit
ended it.
"""

import ctypes
import errno
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
FILE_BYTES = 128 * 1024**2
"""The largest file that may be written: the pixels of 1920 × 16,383 at 4 bytes each, the largest rendition, fit."""

OPEN_FILES = 64
LIMIT_EXCEEDED = 3
TOLD_TO_END = 4
PDF = "application/pdf"
HEIC = "image/heic"
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38

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
    """Limit this process's resources, and have the kernel kill it when its worker ends."""
    libc = ctypes.CDLL(None)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))


def forbid_new_processes(content_type: str) -> None:
    """Forbid new processes and threads. The kernel ignores this limit for root.

    HEIC is exempt: libde265 always starts a thread, and the limit counts all processes of the user, so that no number
    above zero is both small and safe.
    """
    if content_type != HEIC:
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


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
    forbid_new_processes(content_type)
    try:
        main(content_type, Path(source), Path(directory), print_line)
    except MemoryError:
        sys.exit(LIMIT_EXCEEDED)
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        sys.exit(LIMIT_EXCEEDED)


if __name__ == "__main__":
    from uploads import decoder  # by its name, so that what the others import from it is the same

    decoder.run(*sys.argv[1:])
