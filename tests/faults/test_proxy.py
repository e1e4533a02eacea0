"""The site behind an nginx that is configured by deploy/nginx/: unfinished uploads and forged headers."""

import http.client
import re
from contextlib import closing
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from tests import nginx
from tests.faults.cluster import wait_until
from tests.faults.web import MEGABYTE, Response, running_web


@pytest.fixture
def front(web, tmp_path_factory):
    """An nginx in front of the site. Only its port is needed."""
    site = f"http://127.0.0.1:{web.port}"
    with nginx.server(tmp_path_factory.mktemp("nginx"), site, web.state_dir / "media") as url:
        yield SimpleNamespace(port=urlsplit(url).port)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_client_can_forge_neither_its_address_nor_its_request_id(tmp_path, database_url):
    with (
        running_web(tmp_path, database_url, METRICS_ALLOW="127.0.0.1") as web,
        nginx.server(tmp_path, f"http://127.0.0.1:{web.port}", tmp_path / "media") as url,
    ):
        insider, outsider = (send_forged_headers("/metrics", url, address) for address in ("127.0.0.1", "127.0.0.2"))
    assert (insider.status, outsider.status) == (200, 404)
    for response in (insider, outsider):
        assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])


def send_forged_headers(path: str, url: str, address: str) -> Response:
    """Send a request from this address, with headers that only the proxy may set."""
    forged = {"Host": "localhost", "X-Forwarded-For": "127.0.0.1", "X-Request-ID": "an-id-of-the-client"}
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60, source_address=(address, 0))
    connection.request("GET", path, headers=forged)
    with closing(connection):
        return Response(connection.getresponse())


def test_nginx_passes_bytes_on_before_the_request_is_complete(visitor, front):
    content = bytes(range(256)) * (MEGABYTE // 256)
    path = visitor.create_transfer(front, len(content)).path
    with visitor.start_patch(front, path, 0, content[:300_001], len(content)):
        acknowledged = wait_until(lambda: max(0, visitor.offset(front, path) - 200_000)) + 200_000

    def can_be_continued() -> bool:
        offset = visitor.offset(front, path)
        assert acknowledged <= offset <= 300_001
        return (
            visitor.patch(front, path, offset, content[offset:]).status == 204
        )  # 409 while the interrupted PATCH still holds the lock

    wait_until(can_be_continued)
    assert visitor.download(front, path) == content
