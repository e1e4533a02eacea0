"""Command line of the benchmarks: python -m tests.bench [--quick] [NAME …]"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import django

from tests.bench import size

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
    """Run the benchmarks that the arguments name. Return 1 if a ratio misses its target, except in a quick run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure performance.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="use small sizes, to check that each benchmark works")
    options = parser.parse_args()
    names = options.names or NAMES
    if unknown := set(names) - set(NAMES):
        parser.error(f"unknown: {', '.join(sorted(unknown))}. The benchmarks are: {', '.join(NAMES)}")
    with tempfile.TemporaryDirectory(prefix="headway-bench-", ignore_cleanup_errors=True) as directory:
        meets_targets = measure(names, Path(directory), quick=options.quick)
    return 0 if meets_targets or options.quick else 1


def measure(names: list[str], directory: Path, *, quick: bool) -> bool:
    """Run these benchmarks, and print their durations and a table of the results.

    Return whether all ratios meet their targets.
    """
    set_up(directory, quick=quick)
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
    from tests.bench.machine import describe
    from tests.bench.results import Result, format_table

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
    with databases(directory) as factory:
        try:
            for name in names:
                start = time.monotonic()
                results += benchmarks[name](factory)
                print(f"{name}: measured in {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        finally:  # results of earlier benchmarks are printed even if a later one fails
            print(f"\n{describe(factory)}\n\n{format_table(results)}")
    return all(result.meets_target for result in results)


def set_up(directory: Path, *, quick: bool) -> None:
    """Configure Django as in production, in this process and in its subprocesses."""
    for name in ("DATABASE_URL", "QUEUE_URL", size.VARIABLE):
        os.environ.pop(name, None)
    if quick:
        os.environ[size.VARIABLE] = "true"
    os.environ |= {
        "ALLOWED_HOSTS": "localhost",
        "DEBUG": "false",
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings.two_workers",
        "SECRET_KEY": "secret key of the benchmarks, of at least 50 characters",
        "STATE_DIR": str(directory),
    }
    django.setup()


if __name__ == "__main__":
    sys.exit(main())
