"""The parent's side of the decoder: starts it, listens to it, stops it, and explains how it ended.

    with decoding(content_type, source, directory) as decoder:
        for message in decoder.messages(while_waiting):
            ...

However the block is left, by a cancelled job for example, the child and the processes of its group have ended when it
is over, so that its directory can be removed.
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
"""How long a child that is told to end may take to."""

LOOK_INTERVAL = 0.1
"""Seconds between two looks at whether the job is to stop, while the decoder is silent."""

LONGEST_LINE = 64 * 1024
ENDED_BY_A_LIMIT = {LIMIT_EXCEEDED, -SIGKILL, -SIGXCPU, -SIGXFSZ, -SIGSEGV, -SIGABRT, -SIGBUS, -SIGILL, -SIGTRAP}
"""How a child ends that takes too much; SIGTERM, as when the worker is stopped, is not the file's fault."""

TOO_DEMANDING = (
    "Making pictures of this file needs more memory, time or disk space than a file may use. The file itself is kept."
)


class Decoder:
    """A child at work."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self._pidfd = os.pidfd_open(process.pid)
        self._output = cast(IO[bytes], process.stdout)
        self._deadline = time.monotonic() + WALL_SECONDS

    def messages(self, while_waiting: Callable[[], None]) -> Iterator[dict[str, Any]]:
        """What it says, until it ends. `while_waiting` is called ten times a second at least, and may raise.

        Raises TaskError when a limit ended it, and RuntimeError when it is broken.
        """
        for line in self._lines(while_waiting):
            yield json.loads(line)
        code = self.stop()
        if code in ENDED_BY_A_LIMIT:
            raise TaskError("picture_too_demanding", TOO_DEMANDING)
        if code:
            raise RuntimeError(f"the decoder ended with {code}; its words are in the log")

    def stop(self) -> int:
        """Close the child's standard input, kill its group after STOP_SECONDS at most, and return its exit code."""
        if self._process.returncode is None:
            if self._process.stdin:
                self._process.stdin.close()
            self._has_exited(STOP_SECONDS)
            self._kill_group()
        return self._process.wait()

    def close(self) -> None:
        """Stop the child, and release the handle to it."""
        try:
            self.stop()
        finally:
            os.close(self._pidfd)

    def _has_exited(self, seconds: float = 0) -> bool:
        """Wait for the child to exit without reaping it, so that its id stays that of its group."""
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
            if len(rest) > LONGEST_LINE:
                raise RuntimeError("the decoder says what can't be understood")

    def _chunk(self, while_waiting: Callable[[], None]) -> bytes:
        """What it says next; nothing when it has ended."""
        poll = select.poll()
        poll.register(self._output, select.POLLIN)
        while True:
            while_waiting()
            if time.monotonic() > self._deadline:
                raise TaskError("picture_too_demanding", TOO_DEMANDING)
            if self._has_exited():
                self._kill_group()  # a process that the child has started could keep the pipe open
            if poll.poll(LOOK_INTERVAL * 1000):
                return self._output.read(LONGEST_LINE)


@contextmanager
def decoding(content_type: str, source: Path, directory: Path) -> Iterator[Decoder]:
    """The decoder as a fresh process without our environment, that writes into `directory`."""
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
