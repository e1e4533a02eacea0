"""The worked examples of CONTRIBUTING.md, applied block by block to a copy of the project."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.paths import ROOT

pytestmark = pytest.mark.services


EXAMPLES = (ROOT / ".github/CONTRIBUTING.md").read_text().partition("\n## Worked examples\n")[2]
TITLES = re.findall(r"^### (.*)$", EXAMPLES, re.MULTILINE)


@pytest.fixture
def project(tmp_path) -> Path:
    """Copy the project without its .venv, which the copy shares."""
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    return tmp_path


def blocks(title: str) -> Iterator[tuple[str, str]]:
    """Yield the language and the text of each code block of an example."""
    example = re.search(rf"^### {re.escape(title)}\n(.*?)(?=^###? |\Z)", EXAMPLES, re.MULTILINE | re.DOTALL)[1]
    for block in re.finditer(r"^```(\w+)\n(.*?)^```$", example, re.MULTILINE | re.DOTALL):
        yield block[1], block[2]


def append(path: Path, text: str) -> None:
    path.write_text(f"{path.read_text()}\n\n{text}" if path.exists() else text)


def patch(path: Path, diff: str) -> None:
    """Apply a diff without line numbers. Its old lines must be in the file exactly once."""
    lines = diff.splitlines(keepends=True)
    old = "".join(line[1:] for line in lines if line[0] in " -")
    new = "".join(line[1:] for line in lines if line[0] in " +")
    content = path.read_text()
    assert content.count(f"\n{old}") == 1, f"{path} does not have these lines exactly once:\n{old}"
    path.write_text(content.replace(f"\n{old}", f"\n{new}"))


def run(project: Path, commands: str) -> None:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    done = subprocess.run(
        ["sh", "-ec", commands], cwd=project, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_contributing_has_worked_examples():
    assert TITLES == ["Add a task", "Add a kind of file", "Add a field of a to-do"]


@pytest.mark.parametrize("title", TITLES)
def test_worked_example_can_be_followed(project, title):
    languages = []
    for language, text in blocks(title):
        languages.append(language)
        if language == "sh":
            run(project, text)
            continue
        name, _, text = text.removeprefix("# ").partition("\n")
        {"python": append, "diff": patch}[language](project / name, text)
    assert languages[-1] == "sh"  # which runs the example's own tests
