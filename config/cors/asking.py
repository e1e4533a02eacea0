"""Two ways to ask the server, so that what is explained is its own answer and not what we think it is.

`InProcess` asks Django here, through all of its middleware; `Live` asks a running site by the network, with its
proxy. Both ask as a visitor who isn't logged in, so nothing is read of the database, and nothing can be changed.
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

PATIENCE_SECONDS = 10
ENOUGH_BYTES = 1024 * 1024


class Unreachable(Exception):
    """There is no answer, or none that is HTTP; the text says it to a person."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Names in lower case; what was there more than once is joined by commas, as browsers do."""
    cookies: Mapping[str, Cookie]
    body: bytes = b""

    @classmethod
    def of(cls, status: int, headers: Iterable[tuple[str, str]], body: bytes) -> "Answer":
        joined: dict[str, str] = {}
        cookies: dict[str, Cookie] = {}
        for name, value in ((name.lower(), value) for name, value in headers):
            if name == "set-cookie":
                cookies |= _parsed(value)
            else:
                joined[name] = f"{joined[name]}, {value}" if name in joined else value
        return cls(status, joined, cookies, body)


class Server(Protocol):
    def ask(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        """Send one request, without a body and without following redirects. Unreachable if there is no answer."""


class InProcess:
    """Django with the settings of this process, called as if it were at this origin."""

    def __init__(self, origin: Origin) -> None:
        self.origin = origin
        self.client = Client(enforce_csrf_checks=True, raise_request_exception=False)

    def ask(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        secure = self.origin.scheme == "https"
        with _without_warnings():
            response = self.client.generic(
                method, path, secure=secure, headers={**headers, "Host": self.origin.netloc, **_proxied(secure)}
            )
        self.client.cookies.clear()
        cookies = [("Set-Cookie", morsel.OutputString()) for morsel in response.cookies.values()]
        body = b""
        if response.streaming:
            response.close()
        else:
            body = response.content
        return Answer.of(response.status_code, [*response.items(), *cookies], body)


class Live:
    """A running site; `cafile` holds the certificates to trust besides the system's."""

    def __init__(self, origin: Origin, cafile: str | None = None) -> None:
        self.origin = origin
        self.context = ssl.create_default_context()
        if cafile:
            try:
                self.context.load_verify_locations(cafile)
            except OSError as error:
                raise Unreachable(f"{cafile} can't be read as certificates: {error}") from None

    def ask(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        connection = self._connection()
        try:
            connection.request(method, path, headers=dict(headers))
            response = connection.getresponse()
            return Answer.of(response.status, response.getheaders(), response.read(ENOUGH_BYTES))
        except ssl.SSLCertVerificationError as error:
            raise Unreachable(
                f"{self.origin} shows a certificate that isn't trusted here: {error.verify_message}. "
                "--cafile trusts another authority."
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{self.origin} doesn't answer: {str(error) or type(error).__name__}.") from None
        finally:
            connection.close()

    def _connection(self) -> http.client.HTTPConnection:
        host, port = self.origin.host, self.origin.port
        if self.origin.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=PATIENCE_SECONDS)
        return http.client.HTTPSConnection(host, port, timeout=PATIENCE_SECONDS, context=self.context)


def _parsed(line: str) -> dict[str, Cookie]:
    try:
        return {name: Cookie.of(morsel) for name, morsel in SimpleCookie(line).items()}
    except CookieError:
        return {}


def _proxied(secure: bool) -> dict[str, str]:
    """What the proxy adds in production, so that Django knows that the visitor's side is https."""
    if not settings.SECURE_PROXY_SSL_HEADER:
        return {}
    name, value = settings.SECURE_PROXY_SSL_HEADER
    return {name.removeprefix("HTTP_").replace("_", "-"): value if secure else "http"}


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Django warns its log of each refusal, and to be refused is what we ask for."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        yield
    finally:
        logging.disable(before)
