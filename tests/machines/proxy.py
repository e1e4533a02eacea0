"""nginx in front of the web hosts, set up by the lines of deploy/MORE_MACHINES.md."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from tests.faults.cluster import ROOT, START_SECONDS, wait_until
from tests.faults.web import ask

PAGE = ROOT / "deploy" / "MORE_MACHINES.md"
INCLUDED = "/etc/nginx/headway/"
PORT = 8080

AROUND = """
daemon off;
worker_processes 1;
user root;
pid nginx.pid;
error_log stderr;
events {{}}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxied;
    {upstream}
    server {{
        listen {port};
        add_header Answered-By $upstream_addr always;
        location / {{
            include proxy.conf;
        }}
        {locations}
    }}
}}
"""

PROXY = """
proxy_pass http://headway;
proxy_http_version 1.1;
proxy_set_header Connection "";
proxy_set_header Host $http_host;
proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
"""


@contextmanager
def server(directory: Path) -> Iterator[SimpleNamespace]:
    """It runs where the caller is, until the end. Each of its answers says which web host it asked."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin")
    assert program, "nginx is missing: tests/install_system_packages installs it"
    upstream, locations = re.findall(r"```nginx\n(.*?)```", PAGE.read_text().replace(INCLUDED, ""), re.DOTALL)
    (directory / "nginx.conf").write_text(AROUND.format(upstream=upstream, locations=locations, port=PORT))
    (directory / "proxy.conf").write_text(PROXY)
    (directory / "api_errors.conf").touch()
    process = subprocess.Popen([program, "-p", str(directory), "-c", "nginx.conf", "-e", "stderr"])
    front = SimpleNamespace(port=PORT)

    def answers() -> bool:
        assert process.poll() is None
        try:
            return ask(front, "GET", "/healthz/", {}).status == 200
        except OSError:
            return False

    try:
        wait_until(answers, START_SECONDS)
        yield front
    finally:
        process.terminate()
        process.wait()
