"""Temporary nginx servers in front of a site, configured by deploy/nginx/. They use Debian's nginx."""

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

MAIN_CONFIGURATION = """
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
"""The server of app.conf, without host name and TLS. A request can set its client address by X-Test-Client."""


LIMITING_SERVER = """
server {{
    listen 127.0.0.1:{port};
    client_max_body_size {limit};
    location / {{
        proxy_pass http://127.0.0.1:{site_port};
        proxy_set_header Host $http_host;
    }}
}}
"""
"""A reverse proxy that is not configured for Headway."""


@contextmanager
def limiting_proxy(directory: Path, site_port: int, limit: str) -> Iterator[str]:
    """Run a proxy in front of a site that rejects bodies larger than `limit`, for example "1m". Yield its URL."""
    port = free_port()
    (directory / "headway").mkdir()
    server = LIMITING_SERVER.format(port=port, site_port=site_port, limit=limit)
    (directory / "headway" / "headway.conf").write_text(server)
    (directory / "nginx.conf").write_text(main_configuration(directory))
    with _running(directory, port):
        yield f"http://localhost:{port}"


@contextmanager
def server(directory: Path, site: str, media: Path, *, public: Path = Path("/nowhere")) -> Iterator[str]:
    """Run nginx in front of `site`, with private files in `media` and error pages in `public`. Yield its URL."""
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


def main_configuration(directory: Path) -> str:
    """Return an nginx.conf that includes the configuration rendered in the directory."""
    return MAIN_CONFIGURATION.format(directory=directory, user=pwd.getpwuid(os.geteuid()).pw_name)


def load_renderer() -> dict[str, Any]:
    """Return the global names of deploy/render_nginx.py."""
    return runpy.run_path(str(RENDERER))


def configure(directory: Path, port: int, values: dict[str, str]) -> dict[str, str]:
    """Render deploy/nginx/ and an nginx.conf into the directory. Return the values of the templates' names."""
    renderer = load_renderer()
    options = renderer["parse_arguments"]([str(directory / "headway")])
    values = renderer["template_values"](options) | {"SERVERS": SERVER.format(directory=directory, port=port)} | values
    renderer["render_all"](options.directory, values)
    text = renderer["raise_limits"](main_configuration(directory), renderer["worker_connections"]())
    (directory / "nginx.conf").write_text(text)
    return values
