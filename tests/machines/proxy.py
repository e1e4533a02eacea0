"""nginx in front of the web hosts: deploy/nginx/ with the changes that deploy/MORE_MACHINES.md describes."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from tests import nginx
from tests.faults.cluster import START_SECONDS, wait_until
from tests.faults.web import send
from tests.paths import ROOT

PAGE = ROOT / "deploy" / "MORE_MACHINES.md"
PORT = 8080


@contextmanager
def server(directory: Path) -> Iterator[SimpleNamespace]:
    """Run nginx on the caller's host. Each response names the web host in the header Web-Host."""
    _configure(directory)
    command = [nginx.binary(), "-c", str(directory / "nginx.conf"), "-e", "stderr"]
    process = subprocess.Popen(command)
    front = SimpleNamespace(port=PORT)

    def is_ready() -> bool:
        assert process.poll() is None
        try:
            return send(front, "GET", "/healthz/", {}).status == 200
        except OSError:
            return False

    try:
        wait_until(is_ready, START_SECONDS)
        yield front
    finally:
        process.terminate()
        process.wait()


def _configure(directory: Path) -> None:
    values = nginx.configure(directory, PORT, {"UPSTREAM": "unused"})
    page = re.sub(r"@([A-Z_]+)@", lambda match: values[match[1]], PAGE.read_text())
    upstream, locations = re.findall(r"```nginx\n(.*?)```", page, re.DOTALL)
    rendered = directory / "headway"
    _replace(rendered / "headway.conf", r"^upstream headway \{\n.*?^\}\n", upstream)
    _replace(rendered / "locations.conf", r"^location /api/tus \{\n.*?^\}\n", locations)
    with (rendered / "headway.conf").open("a") as configuration:
        configuration.write("add_header Web-Host $upstream_addr always;\n")


def _replace(file: Path, pattern: str, replacement: str) -> None:
    text, count = re.subn(pattern, lambda match: replacement, file.read_text(), flags=re.MULTILINE | re.DOTALL)
    assert count == 1, f"{file.name} no longer contains what {PAGE.name} replaces"
    file.write_text(text)
