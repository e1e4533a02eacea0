"""Clients that send too much or too slowly, or don't read responses, hold no database connections."""

import http.client
import json
from contextlib import ExitStack

import pytest

from tests.browser.conftest import sign_up
from tests.browser.site import Site
from tests.faults.cluster import wait_until


def start_request(
    page, site: Site, method: str, path: str, body: bytes = b"", length: int = 0
) -> http.client.HTTPConnection:
    """Send the start of a request with the page's cookies, without waiting for the response.

    `length` is the Content-Length, if the body isn't complete.
    """
    cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
    connection = http.client.HTTPConnection("localhost", site.port, timeout=30)
    connection.putrequest(method, path)
    connection.putheader("Cookie", "; ".join(f"{name}={value}" for name, value in cookies.items()))
    connection.putheader("X-CSRFToken", cookies["csrftoken"])
    connection.putheader("Content-Type", "multipart/form-data; boundary=x")
    connection.putheader("Content-Length", str(length or len(body)))
    connection.endheaders(body)
    return connection


@pytest.mark.parametrize(
    ("path", "sent", "claimed"), [("/api/uploads/", 0, 2 * 1024**3), ("/todos/", 4_000_000, 4_000_000)]
)
def test_body_over_the_limit_is_rejected_before_all_of_it_is_sent(page, sqlite_site, path, sent, claimed):
    """The client sends the body without `Expect: 100-continue`."""
    sign_up(page, sqlite_site, f"greedy-{claimed}")
    connection = start_request(page, sqlite_site, "POST", path, b"x" * sent, claimed)
    response = connection.getresponse()
    assert response.status == 413
    assert b"accepts at most" in response.read()
    connection.close()


PART_HEADERS = b'--x\r\nContent-Disposition: form-data; name="file"; filename="slow.bin"\r\n\r\n'


def test_slow_clients_hold_no_database_connections(page, postgresql_site):
    """Pages load during many stalled uploads, and then during many downloads that no client reads."""
    site = postgresql_site
    sign_up(page, site, "slow")
    with ExitStack() as stalled:
        for _ in range(130):
            stalled.callback(start_request(page, site, "POST", "/api/uploads/", PART_HEADERS + b"abc", 100_000).close)
        page.goto(f"{site.url}/todos/")
        assert site.database_connections() <= 40
    page.goto(f"{site.url}/uploads/")
    upload = start_request(page, site, "POST", "/api/uploads/", PART_HEADERS + bytes(20_000_000) + b"\r\n--x--\r\n")
    response = upload.getresponse()
    assert response.status == 202
    path = json.load(response)["download_url"].removeprefix(site.url)
    upload.close()
    with ExitStack() as stalled:
        for _ in range(60):
            stalled.callback(start_request(page, site, "GET", path).close)
        page.goto(f"{site.url}/todos/")
        assert site.database_connections() <= 40
    wait_until(lambda: not list((site.state_dir / "tmp").glob("*.upload*")))
