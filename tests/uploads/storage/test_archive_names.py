"""Names of files in an export, of which users choose any."""

from pathlib import PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.storage.archive_names import UniqueNames, portable

HOSTILE = {
    "../../etc/passwd": "passwd",
    "/etc/passwd": "passwd",
    "..\\..\\windows\\system.ini": "system.ini",
    "C:\\autoexec.bat": "autoexec.bat",
    "..": "unnamed",
    "": "unnamed",
    ". .": "unnamed",
    "a\0b.txt": "ab.txt",
    "photo\u202egpj.exe": "photogpj.exe",
    'a<b>:"|?*.txt': "a_b______.txt",
    "CON": "_CON",
    "nul.txt": "_nul.txt",
    "com1 .txt": "_com1 .txt",
    "trailing. .": "trailing",
    "console.txt": "console.txt",
    "日本語 ü.txt": "日本語 ü.txt",
}


@pytest.mark.parametrize(("name", "expected"), HOSTILE.items())
def test_hostile_name_is_made_portable(name, expected):
    assert portable(name) == expected


def test_long_name_keeps_its_extension_and_fits_into_255_bytes():
    name = UniqueNames().add("日" * 251 + ".txt")
    assert name.endswith("日.txt")
    assert 230 < len(name.encode()) <= 240


def test_duplicates_are_numbered():
    names = UniqueNames()
    added = [names.add(name) for name in ("a.jpg", "a.jpg", "A.JPG", "a (2).jpg", "b", "b", "é.txt", "e\u0301.txt")]
    assert added == [
        *("a.jpg", "a (2).jpg", "A (3).JPG", "a (2) (2).jpg", "b", "b (2)"),
        *("é.txt", "e\u0301 (2).txt"),
    ]


def test_many_equal_names_take_linear_time():
    names = UniqueNames()
    for _ in range(20_000):
        last = names.add("image.jpg")
    assert last == "image (20000).jpg"


@given(st.lists(st.text(max_size=300), max_size=20))
def test_any_names_are_unique_and_have_no_folder(texts):
    names = UniqueNames()
    added = [names.add(text) for text in texts]
    assert len({name.casefold() for name in added}) == len(added)
    for name in added:
        assert name == PurePosixPath(name).name == PureWindowsPath(name).name
        assert name not in ("", ".", "..")
        assert len(name.encode()) <= 255
