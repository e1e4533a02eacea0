"""A file's name is shown, whatever it was; it is never a path, a second line, or a trick."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.receiving.names import MAX_LENGTH, UNNAMED, clean_name


@pytest.mark.parametrize(
    ("given_name", "shown"),
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
def test_names(given_name, shown):
    assert clean_name(given_name) == shown


@given(st.text(alphabet=st.characters(), max_size=400))
def test_any_name_becomes_one_short_harmless_line(name):
    shown = clean_name(name)
    assert 0 < len(shown) <= MAX_LENGTH
    assert "/" not in shown
    assert "\\" not in shown
    assert shown not in (".", "..")
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in shown)
    shown.encode()
    assert clean_name(shown) == shown
