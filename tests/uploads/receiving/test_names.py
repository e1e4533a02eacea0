"""Cleaning of file names: no paths, line breaks, control characters or invisible names."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.receiving.names import MAX_LENGTH, UNNAMED, clean_name


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("holiday.jpg", "holiday.jpg"),
        ("Größe 日本 👨‍👩‍👧.png", "Größe 日本 👨‍👩‍👧.png"),
        ("../../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\photo.jpg", "photo.jpg"),
        ("two\nlines\r.txt", "twolines.txt"),
        ("nul\0.txt", "nul.txt"),
        ("gpj\u202egpj.exe", "gpjgpj.exe"),
        ("lone\ud800.txt", "lone.txt"),
        ("", UNNAMED),
        (None, UNNAMED),
        ("..", UNNAMED),
        ("dir/", UNNAMED),
        ("\u200f", UNNAMED),
        ("\u200b", UNNAMED),
        ("\u3164\u2800", UNNAMED),
        ("\u0301", UNNAMED),
        ("a" * 300 + ".jpeg", "a" * 250 + ".jpeg"),
        ("a" * 300, "a" * 255),
    ],
)
def test_name_is_cleaned(name, cleaned):
    assert clean_name(name) == cleaned


@given(st.text(alphabet=st.characters(), max_size=400))
def test_any_name_becomes_a_short_single_line(name):
    cleaned = clean_name(name)
    assert 0 < len(cleaned) <= MAX_LENGTH
    assert "/" not in cleaned
    assert "\\" not in cleaned
    assert cleaned not in (".", "..")
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in cleaned)
    cleaned.encode()
    assert clean_name(cleaned) == cleaned
