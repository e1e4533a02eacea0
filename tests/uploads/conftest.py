"""The real decoder, or another program in its place."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.paths import ROOT
from uploads.decoding import process

CHANGED = """
import sys
sys.path.insert(0, {root!r})
from uploads.decoding import __main__ as decoder
from uploads.decoding import raster
{change}
decoder.run(*sys.argv[1:])
"""


@pytest.fixture
def decoder_is(monkeypatch, tmp_path_factory) -> Callable[[str], None]:
    """Call it with the program that shall be the decoder."""

    def replace(program: str) -> None:
        script = tmp_path_factory.mktemp("decoder") / "script.py"
        script.write_text(program)
        monkeypatch.setattr(process, "DECODER", [str(script)])

    return replace


@pytest.fixture
def decoder_with(decoder_is) -> Callable[[str], None]:
    """Call it with what the real decoder shall do before it begins, as `decoder.CPU_SECONDS = 1`."""
    return lambda change: decoder_is(CHANGED.format(root=str(ROOT), change=change))


@pytest.fixture
def kept(state_dir) -> Callable[[], list[str]]:
    """Call it for the names of all that is kept for uploads, below their own directories."""
    return lambda: sorted(path.name for path in (Path(state_dir) / "media").rglob("*") if path.is_file())
