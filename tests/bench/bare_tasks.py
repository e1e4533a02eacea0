"""A task that only logs the time at which it ran. It runs in plain Django-Q2, without Headway."""

import time
from pathlib import Path


def log_time(log_path: str) -> None:
    with Path(log_path).open("a") as file:
        file.write(f"{time.monotonic()}\n")
