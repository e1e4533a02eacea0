"""Headway as production has it, on two host names: nginx with TLS, by a socket gunicorn, PostgreSQL, and a worker.

Only the ports of nginx and its certificate are the test's own: Chromium is told that these names lead there.
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
MINE = "https://mine.example.test"
STRANGER = "https://evil-example.test"
START_SECONDS = 60

OTHER_SERVERS = """
server {{
    listen 127.0.0.1:{port} ssl;
    server_name mine.example.test;
    include {rendered}/tls.conf;
    root {mine};
}}
server {{
    listen 127.0.0.1:{port} ssl;
    server_name evil-example.test;
    include {rendered}/tls.conf;
    default_type text/html;
    location / {{ return 200 "<!doctype html><link rel=icon href=data:,><title>Somebody else's</title>"; }}
}}
"""


class Hosts:
    """Both, and what is behind them."""

    def __init__(self, directory: Path, database_url: str) -> None:
        self.port = free_port()
        self._socket = directory / "web.sock"
        self._directory = directory
        self._state = directory / "state"
        self._state.mkdir()
        self.mine = directory / "mine"
        """The files of another front end that may use the API."""
        self.mine.mkdir()
        self._environment = {
            "PATH": os.environ["PATH"],
            "SECRET_KEY": "one of a test, which is long enough to be taken for a secret by all that look at it",
            "ALLOWED_HOSTS": "app.example.test",
            "FRONTEND_ORIGINS": f"{DASHBOARD},{MINE}",
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
        """For Chromium's --host-resolver-rules."""
        return f"MAP *:443 127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """As the runbook does it: the database, the static files and site, the files of nginx."""
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
            path.write_text(self._on_our_port(path.read_text()))
        with (rendered / "app.conf").open("a") as file:
            file.write(OTHER_SERVERS.format(port=self.port, rendered=rendered, mine=self.mine))
        (self._directory / "nginx.conf").write_text(nginx.main_configuration(self._directory))

    @contextmanager
    def site(self) -> Iterator[None]:
        """gunicorn, until the end of the block."""
        serve = ["-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--bind", f"unix:{self._socket}", "config.wsgi"]
        with self._running(sys.executable, *serve) as self._gunicorn:
            wait_until(self._is_served, START_SECONDS)
            yield

    def mails(self) -> str:
        return "".join(path.read_text() for path in sorted((self._directory / "mails").iterdir()))

    def logs(self) -> str:
        """All that nginx, gunicorn and the worker have logged."""
        return "".join(path.read_text() for path in self._directory.glob("*.log"))

    def reload(self) -> None:
        """The processes of gunicorn make room for new ones, as `systemctl reload` has them do; until they are gone."""
        old = self._web_processes()
        self._gunicorn.send_signal(signal.SIGHUP)
        wait_until(lambda: not old & self._web_processes(), START_SECONDS)
        assert self._web_processes()

    @contextmanager
    def around_the_site(self) -> Iterator[None]:
        """nginx and a worker."""
        configuration = ["-c", str(self._directory / "nginx.conf"), "-e", "stderr"]
        with ExitStack() as stack:
            stack.enter_context(self._running(nginx.binary(), *configuration))
            stack.enter_context(self._running(sys.executable, "manage.py", "qcluster"))
            wait_until(lambda: listens(self.port), START_SECONDS)
            yield

    def _is_served(self) -> bool:
        """Return whether a web process answers. Connections are accepted before any web process has started."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(START_SECONDS)
            if client.connect_ex(str(self._socket)):
                return False
            client.sendall(f"GET /healthz/ HTTP/1.0\r\nHost: {APP.removeprefix('https://')}\r\n\r\n".encode())
            return bool(client.recv(1))

    def _web_processes(self) -> set[str]:
        pid = self._gunicorn.pid
        return set(Path(f"/proc/{pid}/task/{pid}/children").read_text().split())

    def _on_our_port(self, text: str) -> str:
        """The same server, but only here, and not by plain http."""
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
