"""The landing page: its pictures, its commands, and the recorded job without JavaScript."""

import html
import re

import pytest
from PIL import Image

from tests.paths import ROOT

MAX_PICTURE_BYTES = 60_000


@pytest.fixture
def landing(client) -> str:
    return client.get("/").text


def test_pictures_have_the_declared_size_in_both_color_schemes(landing):
    sources = re.findall(r"<(?:source|img) [^>]*/screenshots/.*?>", landing)
    pictures = [(source, re.search(r"/static/(config/screenshots/[\w-]+\.webp)", source)[1]) for source in sources]
    for source, name in pictures:
        path = ROOT / "config/static" / name
        assert path.stat().st_size <= MAX_PICTURE_BYTES, name
        if declared := re.search(r'width="(\d+)" height="(\d+)"', source):
            with Image.open(path) as image:
                assert image.size == (int(declared[1]), int(declared[2])), name
    names = {name.removesuffix(".webp").rpartition("-")[0::2] for _, name in pictures}
    assert {scheme for _, scheme in names} == {"light", "dark"}
    assert len(names) == 2 * len({picture for picture, _ in names})


def test_commands_are_those_of_the_readme(landing):
    readme = (ROOT / "README.md").read_text()
    commands = [html.unescape(text) for text in re.findall(r"<pre><code>(.*?)</code>", landing, re.DOTALL)]
    assert len(commands) == 2
    for command in commands:
        assert " ".join(command.replace("\\\n", "").split()) in readme


def test_recorded_job_shows_its_end_without_javascript(landing):
    assert 'value="100"' in landing
    assert "A recording" in landing
