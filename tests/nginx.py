"""A throwaway nginx in front of a site, set up as README says, from Debian's own binary."""

import os
import pwd
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

README = Path(__file__).resolve().parents[1] / "README.md"
START_SECONDS = 10

AROUND = """
daemon off;
worker_processes 1;
user {user};
pid {directory}/nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
{locations}
    }}
}}
"""


@contextmanager
def server(directory: Path, site: str, media: Path) -> Iterator[str]:
    """The address of one that stands in front of `site`, and sends the files below `media`; until the end."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "nginx is missing: tests/install_system_packages installs it"
    port = _free_port()
    (directory / "nginx.conf").write_text(
        AROUND.format(
            directory=directory,
            port=port,
            user=pwd.getpwuid(os.geteuid()).pw_name,
            locations=_locations(site, media),
        )
    )
    process = subprocess.Popen([program, "-p", str(directory), "-c", str(directory / "nginx.conf"), "-e", "stderr"])
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _listens(port):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _locations(site: str, media: Path) -> str:
    block = re.search(r"^    location / \{\n(?:    .*\n)+", README.read_text(), re.MULTILINE)
    assert block, "README says no more how to set up nginx"
    text = block[0]
    for named, here in (("http://127.0.0.1:8000", site), ("/var/lib/headway/media", str(media))):
        assert named in text
        text = text.replace(named, here)
    return text


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
