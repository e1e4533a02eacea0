"""The parent's side of the decoder subprocess: start, messages, stop, and the meaning of the exit code.

    with decoding(content_type, source, directory) as decoder:
        for message in decoder.messages(while_waiting):
            ...

At the end of the block, also after an exception, the subprocess and all processes of its group have ended, so that
its directory can be deleted.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from signal import SIGABRT, SIGBUS, SIGILL, SIGKILL, SIGSEGV, SIGTRAP, SIGXCPU, SIGXFSZ
from typing import IO, Any, cast

from django.conf import settings

from progress.tasks import TaskError
from uploads.decoding.protocol import LIMIT_EXCEEDED

DECODER = ["-m", "uploads.decoding"]
WALL_SECONDS = 240.0
STOP_SECONDS = 1.0
"""How long the subprocess may take to end after its input is closed. Then it is killed."""

POLL_SECONDS = 0.1
"""How often `while_waiting` is called while the decoder sends nothing."""

MAX_LINE_BYTES = 64 * 1024
LIMIT_EXIT_CODES = {LIMIT_EXCEEDED, -SIGKILL, -SIGXCPU, -SIGXFSZ, -SIGSEGV, -SIGABRT, -SIGBUS, -SIGILL, -SIGTRAP}
"""Exit codes of a decoder that exceeded a limit. SIGTERM is not one: a stopping worker sends that."""

TOO_DEMANDING = "No preview: making one needs too much memory, time or disk space. The file itself is kept."


class Decoder:
    """A running decoder subprocess."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._pidfd = os.pidfd_open(process.pid)
        self._output = cast(IO[bytes], process.stdout)
        self._deadline = time.monotonic() + WALL_SECONDS

    def messages(self, while_waiting: Callable[[], None]) -> Iterator[dict[str, Any]]:
        """Yield the decoder's messages until it ends. `while_waiting` is called every POLL_SECONDS, and may raise.

        Raise TaskError if the decoder exceeded a limit, and RuntimeError after any other failure.
        """
        for line in self._lines(while_waiting):
            yield json.loads(line)
        code = self.stop()
        if code in LIMIT_EXIT_CODES:
            raise TaskError("picture_too_demanding", TOO_DEMANDING)
        if code:
            raise RuntimeError(f"the decoder exited with code {code}; see its output in the log")

    def stop(self) -> int:
        """Close the standard input, kill the process group after STOP_SECONDS at most, and return the exit code."""
        if self._process.returncode is None:
            if self._process.stdin:
                self._process.stdin.close()
            self._has_exited(STOP_SECONDS)
            self._kill_group()
        return self._process.wait()

    def close(self) -> None:
        """Stop the subprocess and close its file descriptor."""
        try:
            self.stop()
        finally:
            os.close(self._pidfd)

    def _has_exited(self, seconds: float = 0) -> bool:
        """Wait for the subprocess to exit, without reaping it: its process group keeps its id until then."""
        poll = select.poll()
        poll.register(self._pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def _kill_group(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, SIGKILL)

    def _lines(self, while_waiting: Callable[[], None]) -> Iterator[bytes]:
        rest = b""
        while chunk := self._chunk(while_waiting):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from lines
            if len(rest) > MAX_LINE_BYTES:
                raise RuntimeError("the decoder sent an invalid message")

    def _chunk(self, while_waiting: Callable[[], None]) -> bytes:
        """Return the next output, or nothing after the end of the output."""
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        while True:
            while_waiting()
            if time.monotonic() > self._deadline:
                raise TaskError("picture_too_demanding", TOO_DEMANDING)
            if self._has_exited():
                self._kill_group()  # a process that it started could keep the pipe open
            if poll.poll(POLL_SECONDS * 1000):
                return self._output.read(MAX_LINE_BYTES)


@contextmanager
def decoding(content_type: str, source: Path, directory: Path) -> Iterator[Decoder]:
    """Start the decoder with an empty environment, and stop it at the end of the block."""
    with subprocess.Popen(
        [sys.executable, *DECODER, content_type, str(source), str(directory)],
        cwd=settings.BASE_DIR,
        env={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": ""},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    ) as process:
        decoder = Decoder(process)
        try:
            yield decoder
        finally:
            decoder.close()
