"""HTTPS client of a machine's site, with cookies, that connects to the machine's address under its host names."""

import http.client
import json
import socket
import ssl
import time
from typing import Any

TIMEOUT_SECONDS = 120
JOB_SECONDS = 300
BOUNDARY = "the-end-of-a-part"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


class Connection(http.client.HTTPSConnection):
    """HTTPS connection for a host name, to a given address instead of the one in DNS."""

    def __init__(self, host: str, address: str, tls: ssl.SSLContext) -> None:
        super().__init__(host, timeout=TIMEOUT_SECONDS)
        self._address, self._tls = address, tls

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), TIMEOUT_SECONDS)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


class Response:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self) -> Any:
        return json.loads(self.body)


class Visitor:
    """A browser's session with the site of one host name."""

    def __init__(self, host: str, address: str, certificate: str) -> None:
        self.host = host
        self._address = address
        self.trust(certificate)
        self._cookies: dict[str, str] = {}
        self._token = ""

    def trust(self, certificate: str) -> None:
        """Trust this certificate and no other."""
        self._tls = ssl.create_default_context(cadata=certificate)

    def connect(self) -> Connection:
        return Connection(self.host, self._address, self._tls)

    def headers(self, **more: str) -> dict[str, str]:
        """Return the headers of a request: cookies, CSRF token, and the given ones (with _ for each - of a name)."""
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        own = {"Cookie": cookies, "X-CSRFToken": self._token, "Referer": f"https://{self.host}/"}
        return own | {name.replace("_", "-"): value for name, value in more.items()}

    def request(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Response:
        connection = self.connect()
        try:
            connection.request(method, path, body, self.headers(**headers))
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
            return Response(response)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Response:
        return self.request("GET", path, **headers)

    def log_in(self, username: str, password: str) -> None:
        self._renew_token()
        credentials = json.dumps({"username": username, "password": password}).encode()
        response = self.request("POST", "/api/session/", credentials, Content_Type="application/json")
        assert response.status == 200, response.body
        self._renew_token()

    def upload(self, name: str, content: bytes) -> Response:
        return self.request("POST", "/api/uploads/", form(name, content), Content_Type=MULTIPART)

    def wait_for_job(self, upload: dict) -> dict:
        """Wait until the upload's job has succeeded. Return the upload as it is then."""
        job = upload["job"]
        deadline = time.monotonic() + JOB_SECONDS
        while job["state"] in ("queued", "running"):
            assert time.monotonic() < deadline, job
            job = self.get(f"/api/progress/{job['id']}/?after={job['version']}&wait=20").json()
        assert job["state"] == "succeeded", job
        return self.get(f"/api/uploads/{upload['id']}/").json()

    def download(self, upload: dict) -> bytes:
        response = self.get(f"/uploads/{upload['id']}/download/")
        assert response.status == 200
        return response.body

    def _renew_token(self) -> None:
        self._token = self.get("/api/session/").json()["csrf_token"]


def form(name: str, content: bytes) -> bytes:
    """Return the body of a form with one file."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
