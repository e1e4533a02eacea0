"""A server of Headway for any host name, over https and http, for a Chromium that resolves all names to it.

Django runs in this process, so that each test can change settings and inspect the received requests. Tests send
requests from two blank pages: `/page`, and `/sandboxed`, whose origin is null.
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
BLANK_PAGES = {"/page": [], "/sandboxed": [("Content-Security-Policy", "sandbox allow-scripts")]}
MARK = "marked="
"""A query parameter that marks the requests to record. The API ignores it."""


@dataclass
class ReceivedRequest:
    """A marked request, as received by the server."""

    method: str
    session: bool
    """Whether the request has the session cookie."""
    status: int = 0


@dataclass
class Servers:
    """Django behind two ports. `reset` creates a new handler, whose middleware follows the current settings."""

    https_port: int = 0
    http_port: int = 0
    authority: trustme.CA = field(default_factory=trustme.CA)
    received: list[ReceivedRequest] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    django: WSGIHandler | None = None

    def reset(self) -> None:
        self.received, self.django = [], WSGIHandler()

    @property
    def resolver_rules(self) -> str:
        """The value of Chromium's option --host-resolver-rules."""
        to = dict.fromkeys((443, OTHER_HTTPS_PORT), self.https_port) | dict.fromkeys(
            (80, OTHER_HTTP_PORT), self.http_port
        )
        return ",".join(f"MAP *:{port} 127.0.0.1:{real}" for port, real in to.items())

    def application(self, scheme: str) -> Callable:
        def respond(environ: dict, start_response: Callable) -> Iterable[bytes]:
            environ["wsgi.url_scheme"] = scheme
            path = environ["PATH_INFO"]
            if path in BLANK_PAGES:
                start_response("200 OK", [("Content-Type", "text/html"), *BLANK_PAGES[path]])
                return [b"<!doctype html><link rel=icon href=data:,><title>A page</title>"]
            with self.lock:  # all requests share a database connection
                return self._handle(environ, start_response)

        return respond

    def _handle(self, environ: dict, start_response: Callable) -> Iterable[bytes]:
        cookies = SimpleCookie(environ.get("HTTP_COOKIE", ""))
        request = ReceivedRequest(environ["REQUEST_METHOD"], settings.SESSION_COOKIE_NAME in cookies)

        def start(status: str, headers: list, exc_info: object = None) -> Callable:
            request.status = int(status.split()[0])
            return start_response(status, headers)

        response = self.django(environ, start)
        try:
            body = [b"".join(response)]
        finally:
            response.close()
        if MARK in environ["QUERY_STRING"] and not environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"):
            self.received.append(request)
        return body


@contextmanager
def two_origins(*names: str) -> Iterator[Servers]:
    """Serve these host names, with a certificate for each."""
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
