"""Headway as in production on two host names: nginx with TLS, gunicorn on a Unix socket, PostgreSQL, and a worker.

Only the port and the certificate of nginx differ. Chromium resolves the host names to that port.
"""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import trustme

from tests import nginx
from tests.faults.cluster import wait_until
from tests.paths import ROOT
from tests.ports import free_port, listens

APP, DASHBOARD = "https://app.example.test", "https://dash.example.test"
FRONT_END = "https://mine.example.test"  # allowed to use the API
OTHER_ORIGIN = "https://evil-example.test"
START_SECONDS = 60

OTHER_SERVERS = """
server {{
    listen 127.0.0.1:{port} ssl;
    server_name mine.example.test;
    include {rendered}/tls.conf;
    root {front_end};
}}
server {{
    listen 127.0.0.1:{port} ssl;
    server_name evil-example.test;
    include {rendered}/tls.conf;
    default_type text/html;
    location / {{ return 200 "<!doctype html><link rel=icon href=data:,><title>Another site</title>"; }}
}}
"""


class Hosts:
    """Both hosts, and the processes that serve them."""

    url = APP

    def __init__(self, directory: Path, database_url: str) -> None:
        self.port = free_port()
        self._socket = directory / "web.sock"
        self._directory = directory
        self._state = directory / "state"
        self._state.mkdir()
        self.front_end_files = directory / "mine"
        """The files that FRONT_END serves."""
        self.front_end_files.mkdir()
        self._environment = {
            "PATH": os.environ["PATH"],
            "SECRET_KEY": "a key for tests, which is long enough to pass the checks of Django and of Headway",
            "ALLOWED_HOSTS": "app.example.test",
            "FRONTEND_ORIGINS": f"{DASHBOARD},{FRONT_END}",
            "COOKIE_DOMAIN": "example.test",
            "SIGNUP_OPEN": "true",
            "EMAIL_URL": f"file:///{directory}/mails",
            "STATE_DIR": str(self._state),
            "DATABASE_URL": database_url,
            "WEB_CONCURRENCY": "1",
            "WORKER_CONCURRENCY": "1",
        }

    @property
    def resolver_rules(self) -> str:
        """The value of Chromium's option --host-resolver-rules."""
        return f"MAP *:443 127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Migrate the database, generate the static site, and write the configuration of nginx, as the runbook does."""
        self._run("manage.py", "migrate", "--verbosity", "0")
        self._run("manage.py", "distill-local", str(self._directory / "public"))
        key, certificate = self._directory / "key.pem", self._directory / "certificate.pem"
        authority = trustme.CA()
        issued = authority.issue_cert("*.example.test", "evil-example.test")
        issued.private_key_pem.write_to_path(str(key))
        certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        self.authority_file = self._directory / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority_file))
        rendered = self._directory / "headway"
        options = {
            "upstream": f"unix:{self._socket}",
            "public": self._directory / "public",
            "certificate": certificate,
            "key": key,
            "access-log": self._directory / "access.log",
        }
        self._run("deploy/render_nginx.py", str(rendered), *(f"--{name}={value}" for name, value in options.items()))
        for name in ("app.conf", "dashboard.conf"):
            path = rendered / name
            path.write_text(self._on_test_port(path.read_text()))
        with (rendered / "app.conf").open("a") as file:
            file.write(OTHER_SERVERS.format(port=self.port, rendered=rendered, front_end=self.front_end_files))
        (self._directory / "nginx.conf").write_text(nginx.main_configuration(self._directory))

    @contextmanager
    def site(self) -> Iterator[None]:
        """Run gunicorn during the block."""
        serve = ["-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--bind", f"unix:{self._socket}", "config.wsgi"]
        with self._running(sys.executable, *serve) as self._gunicorn:
            wait_until(self._is_served, START_SECONDS)
            yield

    def mails(self) -> str:
        """Return all emails that Headway has sent."""
        return "".join(path.read_text() for path in sorted((self._directory / "mails").iterdir()))

    def logs(self) -> str:
        """Return the logs of nginx, gunicorn and the worker."""
        return "".join(path.read_text() for path in self._directory.glob("*.log"))

    def reload(self) -> None:
        """Replace the web processes, as `systemctl reload` does, and wait until the old ones have ended."""
        old = self._web_processes()
        self._gunicorn.send_signal(signal.SIGHUP)
        wait_until(lambda: not old & self._web_processes(), START_SECONDS)
        assert self._web_processes()

    @contextmanager
    def nginx_and_worker(self) -> Iterator[None]:
        """Run nginx and a worker during the block."""
        configuration = ["-c", str(self._directory / "nginx.conf"), "-e", "stderr"]
        with ExitStack() as stack:
            stack.enter_context(self._running(nginx.binary(), *configuration))
            stack.enter_context(self._running(sys.executable, "manage.py", "qcluster"))
            wait_until(lambda: listens(self.port), START_SECONDS)
            yield

    def _is_served(self) -> bool:
        """Return whether a web process responds. Connections are accepted before any web process has started."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(START_SECONDS)
            if client.connect_ex(str(self._socket)):
                return False
            client.sendall(f"GET /healthz/ HTTP/1.0\r\nHost: {APP.removeprefix('https://')}\r\n\r\n".encode())
            return bool(client.recv(1))

    def _web_processes(self) -> set[str]:
        pid = self._gunicorn.pid
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())

    def _on_test_port(self, text: str) -> str:
        """Return the configuration with the test's port on 127.0.0.1 only, and without the servers for http."""
        text = re.sub(r"server \{\s+listen 80;.*?\n\}\n", "", text, flags=re.S)
        text = re.sub(r"\n *listen \[::\].*", "", text)
        return text.replace("listen 443 ", f"listen 127.0.0.1:{self.port} ")

    @contextmanager
    def _running(self, *command: str) -> Iterator[subprocess.Popen]:
        with (self._directory / f"{Path(command[-1]).name}.log").open("a") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(START_SECONDS)

    def _run(self, *command: str) -> None:
        line = [sys.executable, *command]
        done = subprocess.run(line, cwd=ROOT, env=self._environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr + done.stdout
