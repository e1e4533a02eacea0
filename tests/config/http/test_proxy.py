"""The nginx configuration: its limits equal those of Headway, and front ends can read its error responses."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from django.conf import settings as site_settings
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

from config.cors import fetch_rules
from config.cors.api_headers import RESPONSE_HEADERS
from tests import nginx
from tests.config.test_settings import example
from tests.paths import ROOT
from tests.ports import free_port
from uploads.receiving.limits import ENVELOPE_BYTES

pytestmark = pytest.mark.services

DASHBOARD = "https://dash.example.com"
MEGABYTE = 1024**2
PAGES = {"413": "Too large", "429": "Too many requests", "50x": "Unavailable"}
EXAMPLES = {"int": "1", "uuid": "00000000-0000-4000-8000-000000000000"}


@pytest.fixture(scope="module")
def unreachable_site(tmp_path_factory) -> Iterator[str]:
    """Start nginx in front of a port without a server. Return its URL."""
    directory = tmp_path_factory.mktemp("nginx")
    for name, text in PAGES.items():
        (directory / f"{name}.html").write_text(text)
    with pytest.MonkeyPatch.context() as patch, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        patch.setattr(site_settings, "CORS_ALLOWED_ORIGINS", [DASHBOARD])
        site = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with nginx.server(directory, site, directory, public=directory) as url:
            yield url


def error_from(url: str, body: bytes | None = None, **headers: str) -> HTTPError:
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(url, body, headers), timeout=30)
    caught.value.close()
    return caught.value


@pytest.mark.parametrize("origin", [DASHBOARD, "https://evil.example"])
@pytest.mark.parametrize(("size", "status"), [(0, 502), (3 * MEGABYTE, 413)])
def test_nginx_error_is_a_problem_document_readable_by_front_ends(unreachable_site, origin, size, status):
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(f"{unreachable_site}/api/todos/", bytes(size), {"Origin": origin}), timeout=30)
    error = caught.value
    assert error.code == status
    assert error.headers["Content-Type"] == "application/problem+json"
    assert f'"status": {status}'.encode() in error.read()
    is_allowed = origin == DASHBOARD
    assert error.headers["Access-Control-Allow-Origin"] == (origin if is_allowed else None)
    assert error.headers["Access-Control-Allow-Credentials"] == ("true" if is_allowed else None)
    assert error.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", [DASHBOARD, "https://evil.example"])
def test_preflight_of_an_unreachable_site_lets_front_ends_read_the_error(unreachable_site, origin):
    requested = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "if-match,x-csrftoken"}
    preflight = Request(f"{unreachable_site}/api/todos/1/", None, {"Origin": origin} | requested, method="OPTIONS")
    if origin != DASHBOARD:
        with pytest.raises(HTTPError) as caught:
            urlopen(preflight, timeout=30)
        caught.value.close()
        assert caught.value.code == 502
        return
    with urlopen(preflight, timeout=30) as response:
        headers = {name.lower(): value for name, value in response.headers.items()}
        assert response.status == 204
    assert fetch_rules.cors_problem(origin, headers) == ""
    assert fetch_rules.method_problem("PATCH", headers) == ""
    assert fetch_rules.headers_problem(["if-match", "x-csrftoken"], headers) == ""


def test_cors_headers_of_nginx_equal_those_of_django(unreachable_site, visitor):
    requested = {"Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "if-match"}
    preflight = {"Origin": DASHBOARD, **requested}
    with urlopen(
        Request(f"{unreachable_site}/api/session/", headers=preflight, method="OPTIONS"), timeout=30
    ) as allowed:
        by_django = visitor.options("/api/session/", headers=preflight)
        for name in ("Access-Control-Allow-Headers", "Access-Control-Allow-Methods"):
            assert allowed.headers[name] == by_django[name]
    exposed = error_from(f"{unreachable_site}/api/session/", Origin=DASHBOARD).headers["Access-Control-Expose-Headers"]
    assert exposed == visitor.get("/api/session/", headers={"Origin": DASHBOARD})["Access-Control-Expose-Headers"]
    assert exposed.split(", ") == RESPONSE_HEADERS


def test_nginx_error_has_the_tus_version_only_on_tus_urls(unreachable_site):
    assert error_from(f"{unreachable_site}/api/tus/1").headers["Tus-Resumable"] == "1.0.0"
    assert error_from(f"{unreachable_site}/api/todos/").headers["Tus-Resumable"] is None


@pytest.mark.parametrize(("size", "status", "page"), [(0, 502, "50x"), (3 * MEGABYTE, 413, "413")])
def test_nginx_error_is_a_page_outside_of_the_api(unreachable_site, size, status, page):
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(f"{unreachable_site}/todos/", bytes(size)), timeout=30)
    error = caught.value
    assert (error.code, error.read().decode()) == (status, PAGES[page])
    assert error.headers["Content-Type"] == "text/html"
    assert error.headers["Access-Control-Allow-Origin"] is None
    assert error_from(f"{unreachable_site}/{page}.html").code == 404  # error pages are internal


@pytest.mark.parametrize(("path", "text"), [("/api/session/", '"status": 429'), ("/accounts/login/", PAGES["429"])])
def test_logins_are_limited_but_reading_is_not(unreachable_site, path, text):
    responses = [try_to_log_in(unreachable_site + path) for _ in range(60)]
    codes = [code for code, _ in responses]
    assert codes[0] in (502, 429)
    assert 429 in codes
    assert text in responses[codes.index(429)][1]
    assert error_from(unreachable_site + path).code == 502


def try_to_log_in(url: str, **headers: str) -> tuple[int, str]:
    with pytest.raises(HTTPError) as caught, urlopen(Request(url, b"", headers), timeout=30):
        pass
    return caught.value.code, caught.value.read().decode()


@pytest.mark.parametrize(
    ("addresses", "other"),
    [
        ([f"2001:db8:a:b:{number:x}::{number:x}" for number in range(1, 41)], "2001:db8:a:c::1"),
        (["2001:db8:a0a:d:ffff::"] * 40, "2001:db8:a0a:e::"),
        (["203.0.113.9"] * 40, "203.0.113.10"),
        (["::ffff:203.0.113.11"] * 40, "::ffff:203.0.113.12"),
    ],
)
def test_ipv6_network_has_the_limit_of_an_ipv4_address(unreachable_site, addresses, other):
    login = f"{unreachable_site}/accounts/login/"
    assert 429 in [try_to_log_in(login, **{"X-Test-Client": address})[0] for address in addresses]
    assert try_to_log_in(login, **{"X-Test-Client": other})[0] == 502


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/password_change/",
        "/accounts/password_reset/",
        "/accounts/reset/MQ/set-password/",
        "/admin/auth/user/1/password/",
        "/admin/password_change/",
    ],
)
def test_password_hashing_pages_are_rate_limited(unreachable_site, path):
    client = {"X-Test-Client": f"198.51.100.{len(path)}"}
    assert 429 in [try_to_log_in(unreachable_site + path, **client)[0] for _ in range(40)]


def test_access_log_omits_password_reset_token(live_server, tmp_path):
    secrets = ("MQ/c0ffee-secret/", "MQ/c0ffee-secret", "MQ/c0ffee-secret/more", "/MQ/c0ffee-secret/", "MQ/%630ffee-s/")
    with nginx.server(tmp_path, live_server.url, tmp_path) as url:
        referer = {"Referer": f"{url}/accounts/reset/MQ/c0ffee/"}
        for path in secrets:
            with suppress(HTTPError), urlopen(Request(f"{url}/accounts/reset/{path}?secret", headers=referer)):
                pass
    log = (tmp_path / "access.log").read_text()
    assert log.count('"GET /accounts/reset/MQ/***"') >= len(secrets)
    assert "c0ffee" not in log
    assert "secret" not in log


def test_concurrent_requests_of_a_client_are_limited(tmp_path):
    """The limit includes requests that wait for the site, such as streams."""
    site = socket.create_server(("127.0.0.1", 0), backlog=1000)
    limit = nginx.load_renderer()["CLIENT_CONNECTIONS"]
    with ExitStack() as stack:
        stack.enter_context(site)
        url = stack.enter_context(nginx.server(tmp_path, f"http://127.0.0.1:{site.getsockname()[1]}", tmp_path))
        netloc = (urlsplit(url).hostname, urlsplit(url).port)
        for _ in range(limit):
            connection = stack.enter_context(socket.create_connection(netloc, timeout=30))
            connection.sendall(b"GET /api/todos/stream/ HTTP/1.1\r\nHost: x\r\n\r\n")
        for _ in range(limit):
            stack.enter_context(site.accept()[0])
        error = error_from(f"{url}/api/todos/")
        assert (error.code, error.headers["Retry-After"]) == (429, "60")
        other = stack.enter_context(socket.create_connection(netloc, timeout=30, source_address=("127.0.0.2", 0)))
        other.sendall(b"GET /api/todos/ HTTP/1.1\r\nHost: x\r\n\r\n")
        stack.enter_context(site.accept()[0])


def test_body_limits_of_nginx_are_slightly_above_those_of_headway(unreachable_site):
    for path, limit in limits():
        assert start_sending(unreachable_site, path, limit) != 413, path
        largest = site_settings.MAX_UPLOAD_BYTES if limit > MEGABYTE * 3 else limit
        assert start_sending(unreachable_site, path, largest + 2 * ENVELOPE_BYTES + 1) in (413, 404), path


def limits() -> list[tuple[str, int]]:
    """Return the paths of the site with the limits of their bodies in bytes."""
    limits_by_path = dict(_limits(get_resolver().url_patterns, "/"))
    assert len(limits_by_path) > 30
    assert site_settings.MAX_UPLOAD_BYTES + ENVELOPE_BYTES in limits_by_path.values()
    return list(limits_by_path.items())


def _limits(patterns: list, prefix: str) -> Iterator[tuple[str, int]]:
    for each in patterns:
        if not isinstance(each.pattern, RoutePattern) or str(each.pattern).startswith("admin"):
            continue
        path = prefix + re.sub(r"<(?:(\w+):)?\w+>", lambda match: EXAMPLES.get(match[1], "x"), str(each.pattern))
        if isinstance(each, URLResolver):
            yield from _limits(each.url_patterns, path)
        elif isinstance(each, URLPattern):
            yield path, getattr(each.callback, "max_body_bytes", site_settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


def start_sending(url: str, path: str, size: int) -> int:
    """Send the headers of a request with a body of this size. Return the status, which is 413 if it is too large."""
    host, port = urlsplit(url).hostname, urlsplit(url).port
    head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {size}\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection((host, port), timeout=30) as connection:
        connection.sendall(head.encode())
        return int(connection.recv(4096).split()[1])


@pytest.mark.parametrize("origins", ["", DASHBOARD])
def test_configuration_for_production_is_valid(tmp_path, state_dir, origins):
    environment = {"PATH": os.environ["PATH"], **example(), "STATE_DIR": str(state_dir), "FRONTEND_ORIGINS": origins}
    certificate = make_certificate(tmp_path)
    options = [f"--{name}={path}" for name, path in certificate.items()]
    command = [sys.executable, "deploy/render_nginx.py", str(tmp_path / "headway"), *options]
    subprocess.run([*command, f"--access-log={tmp_path}/access.log"], cwd=ROOT, env=environment, check=True)
    for name in ("app.conf", "dashboard.conf"):  # with ports that are free and unprivileged
        file = tmp_path / "headway" / name
        text = re.sub(r" *listen \[::\].*\n", "", file.read_text())
        file.write_text(re.sub(r"listen (80|443)", lambda match: f"listen 127.0.0.1:{free_port()}", text))
    (tmp_path / "nginx.conf").write_text(nginx.main_configuration(tmp_path))
    done = subprocess.run(
        [nginx.binary(), "-t", "-c", str(tmp_path / "nginx.conf"), "-e", "stderr"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "[warn]" not in done.stderr
    rendered = (tmp_path / "headway" / "headway.conf").read_text()
    assert ("dashboard.conf;" in rendered) == bool(origins)


def make_certificate(directory: Path) -> dict[str, Path]:
    files = {"certificate": directory / "certificate.pem", "key": directory / "key.pem"}
    new = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-subj", "/CN=app.example.com"]
    out = ["-keyout", str(files["key"]), "-out", str(files["certificate"])]
    subprocess.run(["openssl", "req", "-x509", *new, *out], check=True, capture_output=True)
    return files


def test_shell_scripts_pass_shellcheck():
    checker = shutil.which("shellcheck")
    assert checker, "shellcheck is missing: tests/install_system_packages installs it"
    names = ("install", "upgrade", "rollback", "backup", "restore", "manage", "make_venv")
    scripts = [f"deploy/{name}" for name in names] + ["tests/install_system_packages", ".ci/run"]
    done = subprocess.run([checker, "--external-sources", *scripts], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
