"""What is promised of files on their way here is kept behind nginx too, if it is set up as it is shipped."""

import http.client
import re
from contextlib import closing
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from tests import nginx
from tests.faults.cluster import wait_until
from tests.faults.web import MEGABYTE, Answer, running_web


@pytest.fixture
def front(web, tmp_path_factory):
    """The same site, by nginx."""
    site = f"http://127.0.0.1:{web.port}"
    with nginx.server(tmp_path_factory.mktemp("nginx"), site, web.state_dir / "media") as url:
        yield SimpleNamespace(port=urlsplit(url).port)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_outsider_can_forge_neither_its_address_nor_the_id_of_its_request(tmp_path, database_url):
    with (
        running_web(tmp_path, database_url, METRICS_ALLOW="127.0.0.1") as web,
        nginx.server(tmp_path, f"http://127.0.0.1:{web.port}", tmp_path / "media") as url,
    ):
        insider, outsider = (forging("/metrics", url, address) for address in ("127.0.0.1", "127.0.0.2"))
    assert (insider.status, outsider.status) == (200, 404)
    for answer in (insider, outsider):
        assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])


def forging(path: str, url: str, address: str) -> Answer:
    """What somebody at this address gets for a request with headers that are none of its business."""
    forged = {"Host": "localhost", "X-Forwarded-For": "127.0.0.1", "X-Request-ID": "an-id-of-its-own"}
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60, source_address=(address, 0))
    connection.request("GET", path, headers=forged)
    with closing(connection):
        return Answer(connection.getresponse())


def test_bytes_are_acknowledged_while_they_arrive_and_count_when_the_rest_does_not(visitor, front):
    content = bytes(range(256)) * (MEGABYTE // 256)
    path = visitor.begin(front, len(content)).path
    with visitor.half_a_patch(front, path, 0, content[:300_001], len(content)):
        acknowledged = wait_until(lambda: max(0, visitor.offset(front, path) - 200_000)) + 200_000

    def goes_on() -> bool:
        offset = visitor.offset(front, path)
        assert acknowledged <= offset <= 300_001
        return visitor.patch(front, path, offset, content[offset:]).status == 204  # 409 while the cut one is at it

    wait_until(goes_on)
    assert visitor.download(front, path) == content
