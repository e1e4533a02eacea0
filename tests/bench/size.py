"""Sizes of benchmarks: large enough for meaningful ratios, or small in a quick run."""

import os
from typing import TypeVar

T = TypeVar("T")

VARIABLE = "HEADWAY_BENCH_QUICK"


def size(full: T, *, quick: T) -> T:
    """Return the first value, or the second in a quick run."""
    return quick if os.environ.get(VARIABLE) else full
