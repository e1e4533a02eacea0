"""Somebody elsewhere who uses a machine's site over HTTPS, by the names of its hosts, with cookies."""

import http.client
import json
import socket
import ssl
import time
from typing import Any

TIMEOUT_SECONDS = 120
BOUNDARY = "the-end-of-a-part"


class Connection(http.client.HTTPSConnection):
    """To this address, whatever the name service says of the host."""

    def __init__(self, host: str, address: str, trust: ssl.SSLContext) -> None:
        super().__init__(host, timeout=TIMEOUT_SECONDS)
        self._address, self._trust = address, trust

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), TIMEOUT_SECONDS)
        self.sock = self._trust.wrap_socket(plain, server_hostname=self.host)


class Answer:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    def json(self) -> Any:
        return json.loads(self.body)


class Visitor:
    def __init__(self, host: str, address: str, certificate: str) -> None:
        self.host = host
        self._address = address
        self.trust(certificate)
        self._cookies: dict[str, str] = {}
        self._token = ""

    def trust(self, certificate: str) -> None:
        """This one, and no other."""
        self._trust = ssl.create_default_context(cadata=certificate)

    def connect(self) -> Connection:
        return Connection(self.host, self._address, self._trust)

    def headers(self, **more: str) -> dict[str, str]:
        """What each request carries."""
        cookies = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        own = {"Cookie": cookies, "X-CSRFToken": self._token, "Referer": f"https://{self.host}/"}
        return own | {name.replace("_", "-"): value for name, value in more.items()}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = self.connect()
        try:
            connection.request(method, path, body, self.headers(**headers))
            response = connection.getresponse()
            for cookie in response.headers.get_all("Set-Cookie", []):
                name, _, value = cookie.partition(";")[0].partition("=")
                self._cookies[name] = value
            return Answer(response)
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def log_in(self, username: str, password: str) -> None:
        self._renew_token()
        credentials = json.dumps({"username": username, "password": password}).encode()
        answer = self.ask("POST", "/api/session/", credentials, Content_Type="application/json")
        assert answer.status == 200, answer.body
        self._renew_token()

    def upload(self, name: str, content: bytes) -> Answer:
        return self.ask("POST", "/api/uploads/", form(name, content), Content_Type=MULTIPART)

    def wait_for_job(self, upload: dict) -> dict:
        """The upload, once its job has succeeded."""
        job = upload["job"]
        deadline = time.monotonic() + JOB_SECONDS
        while job["state"] in ("queued", "running"):
            assert time.monotonic() < deadline, job
            job = self.get(f"/api/progress/{job['id']}/?after={job['version']}&wait=20").json()
        assert job["state"] == "succeeded", job
        return self.get(f"/api/uploads/{upload['id']}/").json()

    def download(self, upload: dict) -> bytes:
        answer = self.get(f"/uploads/{upload['id']}/download/")
        assert answer.status == 200
        return answer.body

    def _renew_token(self) -> None:
        self._token = self.get("/api/session/").json()["csrf_token"]


JOB_SECONDS = 300
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def form(name: str, content: bytes) -> bytes:
    """A form with a file."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return head.encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()
