"""A throwaway nginx in front of a site, with the files of deploy/nginx/, from Debian's own binary."""

import os
import pwd
import runpy
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.paths import ROOT
from tests.ports import free_port, listens

RENDERER = ROOT / "deploy" / "render_nginx.py"
START_SECONDS = 60

AROUND = """
include /etc/nginx/modules-enabled/*.conf;
daemon off;
worker_processes 1;
user {user};
pid {directory}/nginx.pid;
error_log stderr;
events {{}}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/headway/headway.conf;
}}
"""

SERVER = """
server {{
    listen 127.0.0.1:{port};
    set_real_ip_from 127.0.0.1;
    real_ip_header X-Test-Client;
    include {directory}/headway/locations.conf;
    access_log {directory}/access.log headway_without_queries;
}}
"""
"""What app.conf has, but for its host name and its certificate. A request can name the address that it comes from."""


LIMITING = """
server {{
    listen 127.0.0.1:{port};
    client_max_body_size {limit};
    location / {{
        proxy_pass http://127.0.0.1:{site_port};
        proxy_set_header Host $http_host;
    }}
}}
"""
"""Somebody else's proxy, which knows nothing of Headway."""


@contextmanager
def limiting_proxy(directory: Path, site_port: int, limit: str) -> Iterator[str]:
    """Run a proxy in front of a site that refuses larger bodies than `limit`, as "1m". Yield its URL."""
    port = free_port()
    (directory / "headway").mkdir()
    server = LIMITING.format(port=port, site_port=site_port, limit=limit)
    (directory / "headway" / "headway.conf").write_text(server)
    (directory / "nginx.conf").write_text(around(directory))
    with _running(directory, port):
        yield f"http://localhost:{port}"


@contextmanager
def server(directory: Path, site: str, media: Path, *, public: Path = Path("/nowhere")) -> Iterator[str]:
    """The address of one that stands in front of `site`, and sends the files below `media`; until the end."""
    port = free_port()
    configure(directory, port, {"UPSTREAM": site.removeprefix("http://"), "MEDIA": str(media), "PUBLIC": str(public)})
    with _running(directory, port):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _running(directory: Path, port: int) -> Iterator[None]:
    """Run nginx with the directory's nginx.conf."""
    process = subprocess.Popen([binary(), "-c", str(directory / "nginx.conf"), "-e", "stderr"])
    try:
        deadline = time.monotonic() + START_SECONDS
        while not listens(port):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield
    finally:
        process.terminate()
        process.wait()


def binary() -> str:
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "nginx is missing: tests/install_system_packages installs it"
    return program


def around(directory: Path) -> str:
    """A whole nginx.conf that includes what is rendered in the directory."""
    return AROUND.format(directory=directory, user=pwd.getpwuid(os.geteuid()).pw_name)


def renderer() -> dict[str, Any]:
    """Return the names of deploy/render_nginx.py."""
    return runpy.run_path(str(RENDERER))


def configure(directory: Path, port: int, values: dict[str, str]) -> dict[str, str]:
    """Render deploy/nginx/ below the directory, and an nginx.conf that includes it; all the values that it took."""
    rendering = renderer()
    options = rendering["parse_arguments"]([str(directory / "headway")])
    taken = rendering["template_values"](options) | {"SERVERS": SERVER.format(directory=directory, port=port)} | values
    rendering["render_all"](options.directory, taken)
    text = rendering["raise_limits"](around(directory), rendering["worker_connections"]())
    (directory / "nginx.conf").write_text(text)
    return taken
