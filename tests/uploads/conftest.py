"""Fixtures that replace or patch the decoder subprocess, and list the stored files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.paths import ROOT
from uploads.decoding import process

PATCHED_DECODER = """
import sys
sys.path.insert(0, {root!r})
from uploads.decoding import __main__ as decoder
from uploads.decoding import raster
{patch}
decoder.run(*sys.argv[1:])
"""


@pytest.fixture
def replace_decoder(monkeypatch, tmp_path_factory) -> Callable[[str], None]:
    """Return a function that replaces the decoder by another Python program."""

    def replace(program: str) -> None:
        script = tmp_path_factory.mktemp("decoder") / "script.py"
        script.write_text(program)
        monkeypatch.setattr(process, "DECODER", [str(script)])

    return replace


@pytest.fixture
def patch_decoder(replace_decoder) -> Callable[[str], None]:
    """Return a function that has the real decoder execute a statement before it starts: `decoder.CPU_SECONDS = 1`."""
    return lambda patch: replace_decoder(PATCHED_DECODER.format(root=str(ROOT), patch=patch))


@pytest.fixture
def stored_names(state_dir) -> Callable[[], list[str]]:
    """Return a function that lists the names of all stored files, without their directories."""
    return lambda: sorted(path.name for path in (Path(state_dir) / "media").rglob("*") if path.is_file())
