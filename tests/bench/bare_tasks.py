"""Work that is none, but for a line with the time in a file, its diary. Without our engine: bare Django-Q2 runs it."""

import time
from pathlib import Path


def nothing(diary: str) -> None:
    with Path(diary).open("a") as file:
        file.write(f"{time.monotonic()}\n")
