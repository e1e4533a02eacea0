"""Sizes and durations as pages show them. tests/node/test/format.test.js formats the same cases with the script."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from progress.models import Job
from progress.sizes import size
from progress.templatetags.bars import bar_statistics
from progress.times import format_duration, format_time

CASES = json.loads((Path(__file__).parent / "formats.json").read_text())


@pytest.mark.parametrize(("number", "text"), CASES["sizes"])
def test_size_is_decimal_and_rounded_half_up(number, text):
    assert size(number) == text


@pytest.mark.parametrize(("seconds", "text"), CASES["durations"])
def test_duration_has_the_unit_that_fits(seconds, text):
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("time", "text"),
    [
        ("2026-11-30T22:30:00+00:00", "23:30"),
        ("2026-11-29T22:59:00+00:00", "29 Nov, 23:59"),
        ("2025-12-31T22:59:00+00:00", "31 Dec 2025, 23:59"),
        ("2025-12-31T23:00:00+00:00", "1 Jan, 00:00"),
    ],
)
@time_machine.travel("2026-11-30T22:45:00+00:00", tick=False)
def test_time_omits_the_current_date_and_year(time, text):
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert format_time(datetime.fromisoformat(time)) == text


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"state": "running", "unit": "rows", "current": 64, "total": 100}, "64 of 100 rows · 64 %"),
        ({"state": "running", "unit": "pages", "current": 2}, "2 pages · 64 %"),
        ({"state": "running", "unit": "bytes", "current": 1000, "total": 10_000_000}, "1 kB of 10 MB · 64 %"),
        ({"state": "running", "eta_seconds": 150}, "64 % · 3 min left"),
        ({"state": "failed", "unit": "rows", "current": 64, "total": 100, "eta_seconds": 150}, "64 %"),
    ],
)
def test_bar_statistics_are_those_of_the_script(values, text):
    assert bar_statistics(Job(**values), percent=64) == text
