"""Probes: two ways to send requests to the server, so that explanations are based on its responses.

`InProcessProbe` sends a request through all of Django's middleware in this process, `NetworkProbe` sends it to a
running site through its proxy. No request has a session, so none of them queries the database or changes anything.
"""

import http.client
import logging
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Protocol

from django.conf import settings
from django.test import Client

from config.cors.cookies import Cookie
from config.cors.origins import Origin

TIMEOUT_SECONDS = 10
MAX_BODY_BYTES = 1024 * 1024


class ServerUnreachable(Exception):
    """The server didn't respond, or not by HTTP. The message is shown to the user."""


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    """By lowercase names. Repeated headers are joined by commas, as in browsers."""
    cookies: Mapping[str, Cookie]
    body: bytes = b""

    @classmethod
    def of(cls, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> "Response":
        joined: dict[str, str] = {}
        cookies: dict[str, Cookie] = {}
        for name, value in ((name.lower(), value) for name, value in headers):
            if name == "set-cookie":
                cookies |= _parse_cookies(value)
            else:
                joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return cls(status, joined, cookies, body)


class Probe(Protocol):
    def send(self, method: str, path: str, headers: Mapping[str, str]) -> Response:
        """Send a request without a body. Don't follow redirects. Raise ServerUnreachable if there is no response."""


class InProcessProbe:
    """Django with the settings of this process, as if it were served at this origin."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)

    def send(self, method: str, path: str, headers: Mapping[str, str]) -> Response:
        secure = self.origin.scheme == "https"
        with _warnings_disabled():
            response = self.client.generic(
                method, path, secure=secure, headers={**headers, "Host": self.origin.netloc, **_proxy_header(secure)}
            )
        self.client.cookies.clear()
        cookies = [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
        body = b""
        if response.streaming:
            response.close()
        else:
            body = response.content
        return Response.of(response.status_code, [*response.items(), *cookies], body)


class NetworkProbe:
    """A running site. `cafile` contains certificates to trust in addition to the system's."""

    def __init__(self, origin: Origin, cafile: str | None = None) -> None:
        self.origin = origin
        self.context = ssl.create_default_context()
        if cafile:
            try:
                self.context.load_verify_locations(cafile)
            except OSError as error:
                raise ServerUnreachable(f"{cafile} can't be read as a file of certificates: {error}") from None

    def send(self, method: str, path: str, headers: Mapping[str, str]) -> Response:
        connection = self._connection()
        try:
            connection.request(method, path, headers=dict(headers))
            response = connection.getresponse()
            return Response.of(response.status, response.getheaders(), response.read(MAX_BODY_BYTES))
        except ssl.SSLCertVerificationError as error:
            raise ServerUnreachable(
                f"{self.origin} has a certificate that this machine doesn't trust: {error.verify_message}. "
                "Trust its authority with --cafile."
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise ServerUnreachable(f"{self.origin} doesn't respond: {str(error) or type(error).__name__}.") from None
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self.origin.host, self.origin.port
        if self.origin.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)
        return http.client.HTTPSConnection(host, port, timeout=TIMEOUT_SECONDS, context=self.context)


def _parse_cookies(line: str) -> dict[str, Cookie]:
    try:
        return {name: Cookie.of(morsel) for name, morsel in SimpleCookie(line).items()}
    except CookieError:
        return {}


def _proxy_header(secure: bool) -> dict[str, str]:
    """Return the request header with which a proxy in production states whether the visitor uses HTTPS."""
    if not settings.SECURE_PROXY_SSL_HEADER:
        return {}
    name, value = settings.SECURE_PROXY_SSL_HEADER
    return {name.removeprefix("HTTP_").replace("_", "-"): value if secure else "http"}


@contextmanager
def _warnings_disabled() -> Iterator[None]:
    """Disable the warnings that Django logs for rejected requests, which are expected here."""
    previous = logging.root.manager.disable
    logging.disable(max(previous, logging.WARNING))
    try:
        yield
    finally:
        logging.disable(previous)
