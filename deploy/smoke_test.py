"""Smoke test of a deployed site, through its proxy: sign in over HTTPS, upload a picture and wait for its job.

    python deploy/smoke_test.py < certificate.pem

It needs the site's environment. It connects to the proxy on this machine, without DNS, and trusts the given certificate
in addition to the system's. It creates a user for the test and deletes it, with its upload, at the end.
"""

# deploy/prove.py is a link to this file: the rollback script of older releases runs it by that name.

import http.client
import json
import os
import secrets
import socket
import ssl
import struct
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402

TIMEOUT_SECONDS = 120.0
"""Limit for the site to start, and for a picture to be processed."""

BOUNDARY = "end-of-the-picture"


class SmokeTestFailed(Exception):
    """The site doesn't work; the message says which step failed."""


def main(certificate: str) -> None:
    site = Site(settings.ALLOWED_HOSTS[0].lstrip("."), certificate)
    site.wait_until_healthy()
    print("the database, a worker and the storage are healthy")
    with temporary_user() as (username, password):
        site.call("GET", "/api/session/")
        site.call("POST", "/api/session/", {"username": username, "password": password})
        site.call("GET", "/api/session/")
        print("signed in over HTTPS")
        upload = site.upload("/api/uploads/", "smoke-test.png", picture(640, 480))
        print("uploaded a picture")
        site.wait_for_job(upload["job"]["id"])
        renditions = site.call("GET", f"/api/uploads/{upload['id']}/")["renditions"]
        print(f"its job succeeded and made {len(renditions)} smaller pictures")


class Site:
    """Client of the site's API, through the proxy on this machine. It keeps the session's cookies and CSRF token."""

    def __init__(self, host: str, certificate: str) -> None:
        self._host = host
        self._context = ssl.create_default_context()
        if certificate:
            self._context.load_verify_locations(cadata=certificate)
            self._context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        self._cookies: dict[str, str] = {}
        self._token = ""

    def call(self, method: str, path: str, value: Any = None) -> Any:
        """Send a JSON request and return the decoded response. Raise SmokeTestFailed for an error status."""
        body = json.dumps(value).encode() if value is not None else None
        status, response = self._request(method, path, body, "application/json")
        if status >= 400:
            raise SmokeTestFailed(f"{method} {path} returned {status}: {response}")
        self._token = response.get("csrf_token", self._token)
        return response

    def upload(self, path: str, name: str, content: bytes) -> Any:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        status, response = self._request("POST", path, body, f"multipart/form-data; boundary={BOUNDARY}")
        if status != 202:
            raise SmokeTestFailed(f"the upload returned {status}: {response}")
        return response

    def wait_for_job(self, job_id: str) -> None:
        """Return when the job has succeeded. Raise SmokeTestFailed if it ends otherwise or takes too long."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        version = 0
        while time.monotonic() < deadline:
            job = self.call("GET", f"/api/progress/{job_id}/?after={version}&wait=5")
            version = job["version"]
            if job["state"] == "succeeded":
                return
            if job["state"] in ("failed", "cancelled"):
                raise SmokeTestFailed(f"the picture's job has {job['state']}: {job['error']}")
        raise SmokeTestFailed(f"the picture's job is still {job['state']} after {TIMEOUT_SECONDS:.0f} seconds")

    def wait_until_healthy(self) -> None:
        """Return when /healthz/ reports no failure. Raise SmokeTestFailed if that takes too long."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        response: object = "no response"
        while time.monotonic() < deadline:
            try:
                status, response = self._request("GET", "/healthz/", None, "")
            except OSError as error:
                response = error
            else:
                if status == 200:
                    return
            time.sleep(0.5)
        raise SmokeTestFailed(f"/healthz/ reports: {response}")

    def _request(self, method: str, path: str, body: bytes | None, content_type: str) -> tuple[int, Any]:
        connection = LocalConnection(self._host, self._context)
        origin = f"https://{self._host}"
        headers = {"Content-Type": content_type, "X-CSRFToken": self._token, "Referer": origin, "Origin": origin}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
            text = response.read().decode(errors="replace")
        finally:
            connection.close()
        is_json = "json" in response.headers.get("Content-Type", "")
        return response.status, json.loads(text) if is_json else text[:200]


class LocalConnection(http.client.HTTPSConnection):
    """HTTPS connection to the proxy on this machine, under the site's host name."""

    def __init__(self, host: str, context: ssl.SSLContext) -> None:
        super().__init__(host, timeout=TIMEOUT_SECONDS)
        self._tls = context

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), TIMEOUT_SECONDS)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


@contextmanager
def temporary_user() -> Iterator[tuple[str, str]]:
    """Create a user, yield its name and password, and delete it."""
    name, password = f"smoke-test-{secrets.token_hex(8)}", secrets.token_urlsafe(30)
    user = get_user_model().objects.create_user(name, password=password)
    try:
        yield name, password
    finally:
        user.delete()


def picture(width: int, height: int) -> bytes:
    """Return a PNG of two colours."""
    row = b"\0" + b"\x20\x60\xa0" * (width // 2) + b"\xf0\xf0\xf0" * (width - width // 2)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * height)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    try:
        main(sys.stdin.read())
    except SmokeTestFailed as failure:
        sys.exit(f"headway: {failure}")
