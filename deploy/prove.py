"""Prove that the site works, as a visitor sees it: sign in over HTTPS, upload a picture, watch its job succeed.

    python deploy/prove.py < certificate.pem

with the site's environment. It asks the proxy of this machine, whatever the name service says of the host, and believes
the given certificate besides those that everybody believes. The account that it needs is made, and deleted again with
what was uploaded.
"""

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

PATIENCE_SECONDS = 120.0
"""How long the site may take to come up, and then a picture to be processed."""

BOUNDARY = "a-picture-of-nothing"


class Failed(Exception):
    """The site doesn't work; the text says where."""


def main(certificate: str) -> None:
    site = Site(settings.ALLOWED_HOSTS[0].lstrip("."), certificate)
    site.wait_until_healthy()
    print("the database, a worker and the storage are well")
    with visitor() as (username, password):
        site.call("GET", "/api/session/")
        site.call("POST", "/api/session/", {"username": username, "password": password})
        site.call("GET", "/api/session/")
        print("signed in over HTTPS")
        upload = site.send_file("/api/uploads/", "proof.png", picture(640, 480))
        print("uploaded a picture")
        site.watch(upload["job"]["id"])
        made = site.call("GET", f"/api/uploads/{upload['id']}/")["renditions"]
        print(f"its job has succeeded, with {len(made)} smaller pictures")


class Site:
    """The site by its proxy on this machine, as one visitor with cookies."""

    def __init__(self, host: str, certificate: str) -> None:
        self._host = host
        self._context = ssl.create_default_context()
        if certificate:
            self._context.load_verify_locations(cadata=certificate)
            self._context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        self._cookies: dict[str, str] = {}
        self._token = ""

    def call(self, method: str, path: str, value: Any = None) -> Any:
        """A call of the API with JSON. Raises Failed for an error."""
        body = json.dumps(value).encode() if value is not None else None
        status, answer = self._ask(method, path, body, "application/json")
        if status >= 400:
            raise Failed(f"{method} {path} was answered with {status}: {answer}")
        self._token = answer.get("csrf_token", self._token)
        return answer

    def send_file(self, path: str, name: str, content: bytes) -> Any:
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        body = head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
        status, answer = self._ask("POST", path, body, f"multipart/form-data; boundary={BOUNDARY}")
        if status != 202:
            raise Failed(f"the upload was answered with {status}: {answer}")
        return answer

    def watch(self, job_id: str) -> None:
        """Until the job has ended. Raises Failed if it hasn't succeeded."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        version = 0
        while time.monotonic() < deadline:
            job = self.call("GET", f"/api/progress/{job_id}/?after={version}&wait=5")
            version = job["version"]
            if job["state"] == "succeeded":
                return
            if job["state"] in ("failed", "cancelled"):
                raise Failed(f"the picture's job has {job['state']}: {job['error']}")
        raise Failed(f"the picture's job is still {job['state']} after {PATIENCE_SECONDS:.0f} seconds")

    def wait_until_healthy(self) -> None:
        """Raises Failed when it takes too long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        said: object = "nothing"
        while time.monotonic() < deadline:
            try:
                status, said = self._ask("GET", "/healthz/", None, "")
            except OSError as error:
                said = error
            else:
                if status == 200:
                    return
            time.sleep(0.5)
        raise Failed(f"/healthz/ says: {said}")

    def _ask(self, method: str, path: str, body: bytes | None, content_type: str) -> tuple[int, Any]:
        connection = Connection(self._host, self._context)
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


class Connection(http.client.HTTPSConnection):
    """To the proxy of this machine, by the name of the site."""

    def __init__(self, host: str, context: ssl.SSLContext) -> None:
        super().__init__(host, timeout=PATIENCE_SECONDS)
        self._trust = context

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), PATIENCE_SECONDS)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)


@contextmanager
def visitor() -> Iterator[tuple[str, str]]:
    """Name and password of an account that is there meanwhile."""
    name, password = f"proof-{secrets.token_hex(8)}", secrets.token_urlsafe(30)
    user = get_user_model().objects.create_user(name, password=password)
    try:
        yield name, password
    finally:
        user.delete()


def picture(width: int, height: int) -> bytes:
    """A PNG of two colours."""
    row = b"\0" + b"\x20\x60\xa0" * (width // 2) + b"\xf0\xf0\xf0" * (width - width // 2)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(row * height)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


if __name__ == "__main__":
    try:
        main(sys.stdin.read())
    except Failed as why:
        sys.exit(f"headway: {why}")
