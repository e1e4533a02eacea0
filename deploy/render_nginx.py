"""Render the templates in deploy/nginx/: `python deploy/render_nginx.py DIRECTORY`, in the site's environment.

Values that nginx and Headway must agree on (host names, allowed origins and headers, limits of bodies and connections,
directories) come from Headway's settings. After a change of the settings, render again. nginx includes
DIRECTORY/headway.conf. Paths that only the machine determines are options, with deploy/install's paths as defaults.

DIRECTORY/nginx.conf.new is the machine's nginx.conf with high enough limits, since these belong to blocks that an
included file can't extend.
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

HTTP2_DIRECTIVE_SINCE = (1, 25, 1)
MODULES = Path("/etc/nginx/modules-enabled")

OTHER_CONNECTIONS = 4096
"""Connections for pages and files, and of clients that haven't sent their request yet, in addition to the streams'."""

CLIENT_CONNECTIONS = 500
"""Maximum number of concurrent requests of a client address: enough for an office, too few to use all connections."""

EVENTS = re.compile(r"^[ \t]*events\s*\{", re.MULTILINE)


def main(arguments: list[str]) -> None:
    options = parse_arguments(arguments)
    render_all(options.directory, template_values(options))
    if options.nginx_conf.exists():
        text = raise_limits(options.nginx_conf.read_text(), worker_connections())
        (options.directory / "nginx.conf.new").write_text(text)


def render_all(directory: Path, values: dict[str, str]) -> None:
    """Render all templates into the directory."""
    directory.mkdir(parents=True, exist_ok=True)
    for template in sorted((HERE / "nginx").glob("*.conf")):
        (directory / template.name).write_text(render(template.read_text(), values))


def render(text: str, values: dict[str, str]) -> str:
    """Replace each @NAME@ in the text by its value. Raise KeyError for an unknown name."""
    return re.sub(r"@([A-Z0-9_]+)@", lambda match: values[match[1]], text)


def template_values(options: argparse.Namespace) -> dict[str, str]:
    """Return the values of all names in the templates."""
    has_http2_directive = nginx_version() >= HTTP2_DIRECTIVE_SINCE
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
        "HTTP2_LISTEN": "" if has_http2_directive else " http2",
        "HTTP2": "http2 on;" if has_http2_directive else "",
        "BROTLI": "brotli_static on;" if has_brotli() else "",
    }


def worker_connections() -> int:
    """Return the number of connections that a single nginx process needs in order to serve all streams.

    A proxied request takes two: one from the client and one to gunicorn.
    """
    return 2 * settings.PROGRESS_MAX_WATCHERS * environment.WEB_CONCURRENCY + OTHER_CONNECTIONS


def raise_limits(text: str, connections: int) -> str:
    """Return an nginx.conf that allows each process this many connections, and twice as many open files.

    Higher limits are kept. Raise SystemExit if there is no events block.
    """
    if not EVENTS.search(text):
        raise SystemExit("headway: nginx.conf contains no events block. Add one: events {}")
    connections_line = f"worker_connections {connections};"
    text = _raise_limit(text, connections_line, lambda events: f"{events[0]}\n    {connections_line}\n")
    files_line = f"worker_rlimit_nofile {2 * connections};"
    return _raise_limit(text, files_line, lambda events: f"{files_line}\n\n{events[0]}")


def _raise_limit(text: str, line: str, insert: Callable[[re.Match[str]], str]) -> str:
    """Replace the directive of the same name if its number is lower, or insert the line if there is none."""
    name, number = line.rstrip(";").split()
    found = re.search(rf"^([ \t]*){name}\s+(\d+)\s*;", text, re.MULTILINE)
    if found is None:
        return EVENTS.sub(insert, text, count=1)
    if int(found[2]) >= int(number):
        return text
    return f"{text[: found.start()]}{found[1]}{line}{text[found.end() :]}"


def dashboard_host() -> str | None:
    """Return the host of the first of FRONTEND_ORIGINS, or None unless it is an https origin on the default port."""
    for origin in settings.CORS_ALLOWED_ORIGINS[:1]:
        parts = urlsplit(origin)
        if parts.scheme == "https" and parts.port is None:
            return parts.hostname
    return None


def nginx_version() -> tuple[int, ...]:
    """Return the version of this machine's nginx. Raise SystemExit if it is not installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if not program:
        raise SystemExit("headway: nginx is missing. Install it: apt-get install nginx")
    output = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stderr
    return tuple(map(int, re.findall(r"/(\d+)\.(\d+)\.(\d+)", output)[0]))


def has_brotli() -> bool:
    """Return whether this machine's nginx loads Debian's module for files precompressed with Brotli."""
    return any(MODULES.glob("*-mod-http-brotli-static.conf"))


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Render the templates in deploy/nginx/ into a directory.")
    parser.add_argument("directory", type=Path)
    gunicorn = "unix:/run/headway/web.sock"
    parser.add_argument("--upstream", default=gunicorn, help=f"where gunicorn listens (default: {gunicorn})")
    parser.add_argument(
        "--includes", type=Path, help="the path under which nginx includes the files (default: the directory)"
    )
    for name, default, description in (
        ("nginx-conf", "/etc/nginx/nginx.conf", "the main configuration of nginx, which is read only"),
        ("public", "/opt/headway/current/site/public", "the static site that manage.py distill-local generated"),
        ("acme", "/var/lib/headway-acme", "the webroot of certbot"),
        ("certificate", "/etc/headway/tls/certificate.pem", "the certificate with its chain"),
        ("key", "/etc/headway/tls/key.pem", "the certificate's private key"),
        ("access-log", "/var/log/nginx/headway.log", "the access log"),
    ):
        parser.add_argument(f"--{name}", type=Path, default=Path(default), help=f"{description} (default: {default})")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
