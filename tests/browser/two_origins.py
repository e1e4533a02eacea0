"""Headway on any host names, by https on port 443 and by http on port 80, for a Chromium whose names all lead here.

Django runs in this process, so that each test can have settings of its own and see what has arrived. The pages that
call are blank: `/page`, and `/sandboxed`, whose origin is null.
"""

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie

import trustme
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import DEFAULT_DB_ALIAS, connections
from django.test.testcases import QuietWSGIRequestHandler

OTHER_HTTPS_PORT, OTHER_HTTP_PORT = 8443, 8080
BLANK = {"/page": [], "/sandboxed": [("Content-Security-Policy", "sandbox allow-scripts")]}
MARK = "marked="
"""In the query of the call that is watched, with a number of its own; the API doesn't mind."""


@dataclass
class Arrival:
    """A marked call, as the server saw it."""

    method: str
    session: bool
    """Whether the session cookie has come with it."""
    status: int = 0


@dataclass
class Servers:
    """Django behind two ports. A new `django` has the middleware of the settings of the moment."""

    https_port: int = 0
    http_port: int = 0
    authority: trustme.CA = field(default_factory=trustme.CA)
    arrivals: list[Arrival] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    django: WSGIHandler | None = None

    def begin(self) -> None:
        self.arrivals, self.django = [], WSGIHandler()

    @property
    def resolver_rules(self) -> str:
        """For Chromium's --host-resolver-rules."""
        to = dict.fromkeys((443, OTHER_HTTPS_PORT), self.https_port) | dict.fromkeys(
            (80, OTHER_HTTP_PORT), self.http_port
        )
        return ",".join(f"MAP *:{port} 127.0.0.1:{real}" for port, real in to.items())

    def application(self, scheme: str) -> Callable:
        def answer(environ: dict, start_response: Callable) -> Iterable[bytes]:
            environ["wsgi.url_scheme"] = scheme
            path = environ["PATH_INFO"]
            if path in BLANK:
                start_response("200 OK", [("Content-Type", "text/html"), *BLANK[path]])
                return [b"<!doctype html><link rel=icon href=data:,><title>A page</title>"]
            with self.lock:  # one connection to the database, for one at a time
                return self._watched(environ, start_response)

        return answer

    def _watched(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
        arrival = Arrival(environ["REQUEST_METHOD"], settings.SESSION_COOKIE_NAME in cookies)

        def start(status: str, headers: list, exc_info: object = None) -> Callable:
            arrival.status = int(status.split()[0])
            return start_response(status, headers)

        response = self.django(environ, start)
        try:
            body = [b"".join(response)]
        finally:
            response.close()
        if MARK in environ["QUERY_STRING"] and not environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"):
            self.arrivals.append(arrival)
        return body


@contextmanager
def two_origins(*names: str) -> Iterator[Servers]:
    """Serve these host names."""
    servers = Servers()
    connections[DEFAULT_DB_ALIAS].inc_thread_sharing()
    http, https = _listen(servers.application("http")), _listen(servers.application("https"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    servers.authority.issue_cert(*names).configure_cert(context)
    https.socket = context.wrap_socket(https.socket, server_side=True, do_handshake_on_connect=False)
    servers.http_port, servers.https_port = http.server_port, https.server_port
    threads = [
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}) for server in (http, https)
    ]
    try:
        for thread in threads:
            thread.start()
        yield servers
    finally:
        for server, thread in zip((http, https), threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()
        connections[DEFAULT_DB_ALIAS].dec_thread_sharing()


def _listen(application: Callable) -> ThreadedWSGIServer:
    overrides = {DEFAULT_DB_ALIAS: connections[DEFAULT_DB_ALIAS]}
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietWSGIRequestHandler, connections_override=overrides)
    server.set_app(application)
    return server
