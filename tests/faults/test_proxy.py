"""What is promised of files on their way here is kept behind nginx too, if it is set up as README says."""

from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from tests import nginx
from tests.faults.cluster import wait_until
from tests.faults.web import MEGABYTE


@pytest.fixture
def front(web, tmp_path_factory):
    """The same site, by nginx."""
    site = f"http://127.0.0.1:{web.port}"
    with nginx.server(tmp_path_factory.mktemp("nginx"), site, web.state_dir / "media") as url:
        yield SimpleNamespace(port=urlsplit(url).port)


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
