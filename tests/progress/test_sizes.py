"""Sizes as pages show them. A browser test formats the same CASES with the script."""

import pytest

from progress.sizes import size

CASES = {
    0: "0 B",
    1: "1 B",
    999: "999 B",
    1000: "1 kB",
    1049: "1 kB",
    1050: "1.1 kB",
    751_800: "751.8 kB",
    999_949: "999.9 kB",
    999_950: "1 MB",
    10_000_000: "10 MB",
    41_943_040: "41.9 MB",
    999_950_000: "1 GB",
    1_073_741_824: "1.07 GB",
    1_500_000_000: "1.5 GB",
    100_000_000_000: "100 GB",
    12_345_678_901_234: "12.35 TB",
    1_234_000_000_000_000: "1234 TB",
}


@pytest.mark.parametrize(("number", "text"), CASES.items())
def test_size_is_decimal_and_rounded_half_up(number, text):
    assert size(number) == text
