"""python -m tests.bench [NAME …]: all benchmarks, or some; see `NAMES`."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import django

NAMES = [
    "track",
    "latency",
    "throughput",
    "scale",
    "streams",
    "transfers",
    "pictures",
    "todos",
    "exchange",
    "live",
    "long_list",
]


def main() -> int:
    """1 if something is slower or larger than wanted."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(NAMES))
    names = parser.parse_args().names or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"there is no {', '.join(unknown)}; there are {', '.join(NAMES)}")
    with tempfile.TemporaryDirectory(prefix="headway-bench-", ignore_cleanup_errors=True) as directory:
        return measure(names, Path(directory))


def measure(names: list[str], directory: Path) -> int:
    """Do these, and print a table of what came out."""
    set_up(directory)
    from tests.bench import (
        exchange,
        latency,
        live,
        long_list,
        pictures,
        scale,
        streams,
        throughput,
        todos,
        track,
        transfers,
    )
    from tests.bench.databases import databases
    from tests.bench.results import Result, is_met, table

    benchmarks = {
        "track": track.measure,
        "latency": latency.measure,
        "throughput": throughput.measure,
        "scale": scale.measure,
        "streams": streams.measure,
        "transfers": transfers.measure,
        "pictures": pictures.measure,
        "todos": todos.measure,
        "exchange": exchange.measure,
        "live": live.measure,
        "long_list": long_list.measure,
    }
    results: list[Result] = []
    with databases(directory) as made:
        try:
            for name in names:
                results += benchmarks[name](made)
        finally:  # whatever goes wrong with one of them, the others took minutes
            print(table(results))
    return 0 if all(map(is_met, results)) else 1


def set_up(directory: Path) -> None:
    """Django in this process, and in all that it starts, is configured as in production."""
    for name in ("DATABASE_URL", "QUEUE_URL"):
        os.environ.pop(name, None)
    os.environ |= {
        "ALLOWED_HOSTS": "localhost",
        "DEBUG": "false",
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings.ours",
        "SECRET_KEY": "a key for the benchmarks, long enough for Django's taste",
        "STATE_DIR": str(directory),
    }
    django.setup()


if __name__ == "__main__":
    sys.exit(main())
