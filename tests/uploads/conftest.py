"""Fixtures that replace or patch the decoder subprocess, and list the stored files."""

import json
import warnings
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from PIL import AvifImagePlugin, Image

from tests.paths import ROOT
from uploads.decoding import preview, process
from uploads.decoding.__main__ import main

PATCHED_DECODER = """
import sys
sys.path.insert(0, {root!r})
from uploads.decoding import __main__ as decoder
from uploads.decoding import raster
{patch}
decoder.run(*sys.argv[1:])
"""


@pytest.fixture
def run_decoder(monkeypatch) -> Callable[[str, Path, Path], list[dict]]:
    """Return a function that decodes in this process and returns the messages. Pillow's options are restored."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    monkeypatch.setattr(AvifImagePlugin, "DEFAULT_MAX_THREADS", AvifImagePlugin.DEFAULT_MAX_THREADS)

    def run(content_type: str, source: Path, directory: Path) -> list[dict]:
        lines: list[str] = []
        with warnings.catch_warnings(action="ignore"):  # pytest would raise them, the subprocess prints them
            main(content_type, source, directory, lambda message: lines.append(json.dumps(message)))
        return [json.loads(line) for line in lines]

    return run


@pytest.fixture
def decode_in_process(run_decoder, monkeypatch) -> None:
    """Make previews without a subprocess, for tests of what the decoders make: starting one takes longer than that."""

    def decoding(*arguments):
        return nullcontext(SimpleNamespace(messages=lambda while_waiting: run_decoder(*arguments)))

    monkeypatch.setattr(preview, "decoding", decoding)


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
