"""The parent's side of the picture decoder: starts the child, counts what it reports, explains how it failed."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGABRT, SIGBUS, SIGKILL, SIGSEGV, SIGXCPU

from django.conf import settings

from progress.reporter import Progress
from progress.tasks import TaskError
from uploads.decoder import OUT_OF_MEMORY

DECODER = ["-m", "uploads.decoder"]
WALL_SECONDS = 120
ENDED_BY_A_LIMIT = {OUT_OF_MEMORY, -SIGKILL, -SIGXCPU, -SIGSEGV, -SIGABRT, -SIGBUS}
"""How the child ends that takes too much; SIGTERM, as when the worker is stopped, is not the picture's fault."""

OPENING_WEIGHT = 0.2
"""The share of a picture's job that decoding it is, by the time it takes for a photo of 12 megapixels."""


@dataclass
class Made:
    """One rendition, still a file in a temporary directory."""

    path: Path
    width: int
    height: int


@dataclass
class Picture:
    """A decoded picture: its size as it is meant to be seen, in pixels, and what was made of it."""

    width: int = 0
    height: int = 0
    renditions: list[Made] = field(default_factory=list)


def make(source: Path, directory: Path, progress: Progress) -> Picture:
    """Make the renditions of `source` as files in `directory`, counting each.

    Raises TaskError, with words for the file's owner, if that can't be done.
    """
    picture = Picture()
    progress.stage("Opening the picture", total=1, weight=OPENING_WEIGHT)
    for message in _decode(source, directory):
        match message:
            case {"error": code, "message": text}:
                raise TaskError(code, text)
            case {"total": total, "width": width, "height": height}:
                picture.width, picture.height = width, height
                progress.advance()
                progress.stage("Making pictures", total=total, unit="pictures")
            case {"file": name, "width": width, "height": height}:
                picture.renditions.append(Made(directory / name, width, height))
                progress.advance()
    return picture


def _decode(source: Path, directory: Path) -> Iterator[dict]:
    """Run the child to its end, yielding what it says."""
    with _child(source, directory) as child:
        for line in child.stdout or ():
            yield json.loads(line)
        code = child.wait()
    if code in ENDED_BY_A_LIMIT:
        raise TaskError(
            "picture_too_demanding",
            "The picture needs more memory or time to open than it may have. The file itself is kept.",
        )
    if code:
        raise RuntimeError(f"the picture decoder ended with {code}; its words are in the log")


@contextmanager
def _child(source: Path, directory: Path) -> Iterator[subprocess.Popen]:
    """The decoder as a fresh process without our environment; it doesn't outlive the block, or WALL_SECONDS."""
    with subprocess.Popen(
        [sys.executable, *DECODER, str(source), str(directory)],
        cwd=settings.BASE_DIR,
        env={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONSAFEPATH": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        clock = threading.Timer(WALL_SECONDS, child.kill)
        clock.start()
        try:
            yield child
        finally:
            clock.cancel()
            child.kill()
