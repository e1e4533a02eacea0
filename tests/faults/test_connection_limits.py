"""Limits of connections in deploy/nginx/: many open pages or slow clients don't block other clients."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from tests import nginx
from tests.faults.web import Visitor, make_user, send

STREAMS = 400  # with two connections each, more than Debian's limit of 768
SLOW_CLIENTS = 1600
CLIENTS_PER_ADDRESS = 400
OPEN_FILES = 8192

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def front(web, tmp_path_factory) -> Iterator[SimpleNamespace]:
    """An nginx in front of the site. Only its port is needed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, OPEN_FILES), hard))
    site = f"http://127.0.0.1:{web.port}"
    with nginx.server(tmp_path_factory.mktemp("nginx"), site, web.state_dir / "media") as url:
        yield SimpleNamespace(port=urlsplit(url).port)


def connect(front: SimpleNamespace, number: int) -> socket.socket:
    """Connect from one of several loopback addresses, which depends on the number."""
    address = f"127.0.0.{2 + number // CLIENTS_PER_ADDRESS}"
    return socket.create_connection(("127.0.0.1", front.port), timeout=60, source_address=(address, 0))


def open_stream(front: SimpleNamespace, number: int, cookie: str) -> socket.socket:
    """Open a stream and return once its first event has been received."""
    connection = connect(front, number)
    lines = ["GET /api/todos/stream/ HTTP/1.1", f"Host: localhost:{front.port}", f"Cookie: {cookie}", "", ""]
    connection.sendall("\r\n".join(lines).encode())
    received = b""
    while b"event: todos" not in received:
        data = connection.recv(4096)
        assert data, received
        received += data
    return connection


def test_pages_are_served_while_hundreds_of_streams_are_open(web, front):
    per_user = settings.PROGRESS_MAX_WATCHERS_PER_USER
    cookies = [Visitor(make_user()).headers(web)["Cookie"] for _ in range(STREAMS // per_user)]
    with ExitStack() as stack:
        for number in range(STREAMS):
            stack.enter_context(open_stream(front, number, cookies[number // per_user]))
        assert send(front, "GET", "/todos/", {"Cookie": cookies[0]}).status == 200


def test_slow_requests_of_one_address_time_out_and_do_not_block_others(front):
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(front, 0)) for _ in range(SLOW_CLIENTS)]
        for connection in slow:
            connection.sendall(b"GET / HTTP/1.1\r\n")
        assert send(front, "GET", "/accounts/login/", {}).status == 200
        assert slow[0].recv(4096)[:12] in (b"", b"HTTP/1.1 408")  # closed after client_header_timeout
