"""Render deploy/nginx/ for this site: `python deploy/render_nginx.py DIRECTORY`, with the site's environment.

What nginx and Headway must agree on (host names, other origins, the largest bodies, the number of connections,
directories) is taken from Headway's own settings, so a changed setting reaches nginx by rendering again. nginx includes
headway.conf of DIRECTORY; where the rest of the machine keeps things are options, whose defaults are what
deploy/install makes.

nginx.conf.new in DIRECTORY is the machine's own nginx.conf with limits that are high enough: they belong into blocks
that can't be included a second time.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from corsheaders.conf import conf as cors  # noqa: E402
from django.conf import settings  # noqa: E402

from config import environment  # noqa: E402
from uploads.receiving.limits import ENVELOPE_BYTES  # noqa: E402

HTTP2_HAS_ITS_DIRECTIVE = (1, 25, 1)
MODULES = Path("/etc/nginx/modules-enabled")

OTHER_CONNECTIONS = 4096
"""Beyond those of streams and long polls: of pages, of files, and of clients that have not sent their request yet."""

CLIENT_CONNECTIONS = 500
"""Requests of one client address at the same time: enough for an office, and too few to use up all connections."""

EVENTS = re.compile(r"^[ \t]*events\s*\{", re.MULTILINE)


def main(arguments: list[str]) -> None:
    options = understand(arguments)
    write(options.directory, facts(options))
    if options.nginx_conf.exists():
        text = with_limits(options.nginx_conf.read_text(), worker_connections())
        (options.directory / "nginx.conf.new").write_text(text)


def write(directory: Path, values: dict[str, str]) -> None:
    """All the templates, rendered into that directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for template in sorted((HERE / "nginx").glob("*.conf")):
        (directory / template.name).write_text(render(template.read_text(), values))


def render(text: str, values: dict[str, str]) -> str:
    """The text with each @NAME@ replaced by its value. Raises KeyError for a name that there is none for."""
    return re.sub(r"@([A-Z0-9_]+)@", lambda match: values[match[1]], text)


def facts(options: argparse.Namespace) -> dict[str, str]:
    """What the templates may name."""
    has_directive = nginx_version() >= HTTP2_HAS_ITS_DIRECTIVE
    dashboard = dashboard_host()
    includes = options.includes or options.directory.resolve()
    servers = ["app.conf", *(["dashboard.conf"] if dashboard else [])]
    return {
        "HOST": " ".join("_" if host == "*" else host for host in settings.ALLOWED_HOSTS),
        "DASHBOARD": dashboard or "_",
        "ORIGINS": "\n".join(f'    "{origin}" "{origin}";' for origin in settings.CORS_ALLOWED_ORIGINS),
        "ALLOWED_HEADERS": ", ".join(cors.CORS_ALLOW_HEADERS),
        "ALLOWED_METHODS": ", ".join(cors.CORS_ALLOW_METHODS),
        "EXPOSED_HEADERS": ", ".join(cors.CORS_EXPOSE_HEADERS),
        "BODY_BYTES": str(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + ENVELOPE_BYTES),
        "CLIENT_CONNECTIONS": str(CLIENT_CONNECTIONS),
        "UPLOAD_BODY_BYTES": str(settings.MAX_UPLOAD_BYTES + 2 * ENVELOPE_BYTES),
        "HSTS": f"max-age={365 * 24 * 3600}; includeSubDomains",
        "STATIC": str(settings.STATIC_ROOT),
        "MEDIA": str(settings.STATE_DIR / "media"),
        "PUBLIC": str(options.public),
        "ACME": str(options.acme),
        "UPSTREAM": options.upstream,
        "CERTIFICATE": str(options.certificate),
        "KEY": str(options.key),
        "ACCESS_LOG": str(options.access_log),
        "INCLUDES": str(includes),
        "SERVERS": "\n".join(f"include {includes}/{name};" for name in servers),
        "HTTP2_LISTEN": "" if has_directive else " http2",
        "HTTP2": "http2 on;" if has_directive else "",
        "BROTLI": "brotli_static on;" if has_brotli() else "",
    }


def worker_connections() -> int:
    """Return the number of connections that a single nginx process needs in order to serve all streams.

    A proxied request takes two: one from the client and one to gunicorn.
    """
    return 2 * settings.PROGRESS_MAX_WATCHERS * environment.WEB_CONCURRENCY + OTHER_CONNECTIONS


def with_limits(text: str, connections: int) -> str:
    """Return an nginx.conf whose processes may have this many connections, and twice as many open files.

    Higher limits stay. Raises SystemExit if there is no events block.
    """
    if not EVENTS.search(text):
        raise SystemExit("headway: nginx.conf has no events block of its own. Write one: events {}")
    connections_line = f"worker_connections {connections};"
    text = _raised(text, connections_line, lambda events: f"{events[0]}\n    {connections_line}\n")
    files_line = f"worker_rlimit_nofile {2 * connections};"
    return _raised(text, files_line, lambda events: f"{files_line}\n\n{events[0]}")


def _raised(text: str, line: str, insert: Callable[[re.Match[str]], str]) -> str:
    """Replace the directive of the same name if its number is lower; insert the line if there is none."""
    name, number = line.rstrip(";").split()
    found = re.search(rf"^([ \t]*){name}\s+(\d+)\s*;", text, re.MULTILINE)
    if found is None:
        return EVENTS.sub(insert, text, count=1)
    if int(found[2]) >= int(number):
        return text
    return f"{text[: found.start()]}{found[1]}{line}{text[found.end() :]}"


def dashboard_host() -> str | None:
    """The host of the first of FRONTEND_ORIGINS, if it is one that this nginx could serve."""
    for origin in settings.CORS_ALLOWED_ORIGINS[:1]:
        parts = urlsplit(origin)
        if parts.scheme == "https" and parts.port is None:
            return parts.hostname
    return None


def nginx_version() -> tuple[int, ...]:
    """That of this machine. Raises SystemExit when there is none."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not program:
        raise SystemExit("headway: nginx is missing. Install it: apt-get install nginx")
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stderr
    return tuple(map(int, re.findall(r"/(\d+)\.(\d+)\.(\d+)", said)[0]))


def has_brotli() -> bool:
    """Whether the nginx of this machine loads Debian's module for files that are compressed by brotli."""
    return any(MODULES.glob("*-mod-http-brotli-static.conf"))


def understand(arguments: list[str]) -> argparse.Namespace:
    """The options of the command line. Raises SystemExit for what is none."""
    parser = argparse.ArgumentParser(description="Render the files of deploy/nginx/ into a directory.")
    parser.add_argument("directory", type=Path)
    gunicorn = "unix:/run/headway/web.sock"
    parser.add_argument("--upstream", default=gunicorn, help=f"where gunicorn listens (default: {gunicorn})")
    parser.add_argument("--includes", type=Path, help="where nginx will find it all (default: the directory)")
    for name, default, what in (
        ("nginx-conf", "/etc/nginx/nginx.conf", "the main file of nginx, which is not changed"),
        ("public", "/opt/headway/current/site/public", "what manage.py distill-local has made"),
        ("acme", "/var/lib/headway-acme", "where certbot puts its proofs"),
        ("certificate", "/etc/headway/tls/certificate.pem", "the certificate and its chain"),
        ("key", "/etc/headway/tls/key.pem", "the key of the certificate"),
        ("access-log", "/var/log/nginx/headway.log", "where each request is a line"),
    ):
        parser.add_argument(f"--{name}", type=Path, default=Path(default), help=f"{what} (default: {default})")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
