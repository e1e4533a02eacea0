"""Decoder subprocess: opens untrusted files and writes renditions. `protocol.py` describes its arguments and output.

No other process of Headway decodes uploaded files. This one has no database, no secrets in its environment, and limits
on memory, CPU time, file size, open files and new processes, set before the file is opened. It is not a sandbox: it
can read the files that its user can read, and use the network.
"""

import ctypes
import errno
import json
import os
import resource
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path
from typing import Any

from uploads.decoding.protocol import LIMIT_EXCEEDED, DecodeError, MakeRenditions, Send
from uploads.kinds import kind_of

MEMORY_BYTES = 2 * 1024**3
CPU_SECONDS = 120
FILE_BYTES = 128 * 1024**2
"""The largest rendition, 1920 × 16,383 pixels of 4 bytes, fits."""

OPEN_FILES = 64
INPUT_CLOSED = 4
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38


def main(content_type: str, source: Path, directory: Path, send: Send) -> None:
    """Make the renditions, or send the reason why the file can't be decoded. Raise MemoryError and OSError."""
    try:
        load_decoder(content_type)(content_type, source, directory, send)
    except DecodeError as reason:
        if reason.__cause__:
            print(f"{source}: {type(reason.__cause__).__name__}: {reason.__cause__}", file=sys.stderr)
        send({"error": reason.code, "message": reason.message})


def load_decoder(content_type: str) -> MakeRenditions:
    """Import no other decoder than the one for this type: that takes longer than decoding a small file."""
    kind = kind_of(content_type)
    if kind is None:
        raise ValueError(f"no decoder for {content_type}")
    make_renditions: MakeRenditions = import_module(f"uploads.decoding.{kind.decoder}").make_renditions
    return make_renditions


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
    if content_type != "image/heic":
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))


def end_when_input_closes() -> None:
    """End this process, even in the middle of decoding, when its standard input is closed."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(INPUT_CLOSED)


def print_line(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


def run(content_type: str, source: str, directory: str) -> None:
    limit()
    threading.Thread(target=end_when_input_closes, daemon=True).start()
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
    run(*sys.argv[1:])
