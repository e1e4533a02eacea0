"""Sizes as pages show them. tests/node/test/format.test.js formats the same cases with the script."""

import json
from pathlib import Path

import pytest

from progress.sizes import size

CASES = json.loads((Path(__file__).parent / "formats.json").read_text())["sizes"]


@pytest.mark.parametrize(("number", "text"), CASES)
def test_size_is_decimal_and_rounded_half_up(number, text):
    assert size(number) == text
