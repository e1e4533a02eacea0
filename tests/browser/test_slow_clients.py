"""Clients that are slow, greedy or gone cost the site next to nothing."""

import http.client
import json
from contextlib import ExitStack

import psycopg
import pytest

from tests.browser.conftest import sign_up
from tests.browser.site import Site
from tests.faults.cluster import wait_until


def request(page, site: Site, method: str, path: str, body: bytes = b"", length: int = 0) -> http.client.HTTPConnection:
    """Send a request with the page's cookies, and as much of its body as is given, without waiting for the answer."""
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
def test_a_body_over_the_limit_is_answered_while_it_is_still_being_sent(page, sqlite_site, path, sent, claimed):
    """To a client that sends without asking first whether it may."""
    sign_up(page, sqlite_site, f"greedy-{claimed}")
    connection = request(page, sqlite_site, "POST", path, b"x" * sent, claimed)
    answer = connection.getresponse()
    assert answer.status == 413
    assert b"accepts at most" in answer.read()
    connection.close()


HEAD = b'--x\r\nContent-Disposition: form-data; name="file"; filename="slow.bin"\r\n\r\n'


def test_a_slow_client_holds_no_database_connection(page, postgresql_site):
    """Many uploads that stall half-way, then many downloads that nobody reads; the pages answer all the same."""
    site = postgresql_site
    sign_up(page, site, "slow")
    with ExitStack() as stalled:
        for _ in range(130):
            stalled.callback(request(page, site, "POST", "/api/uploads/", HEAD + b"abc", 100_000).close)
        page.goto(f"{site.url}/todos/")
        assert connections(site) <= 40
    page.goto(f"{site.url}/uploads/")
    upload = request(page, site, "POST", "/api/uploads/", HEAD + bytes(20_000_000) + b"\r\n--x--\r\n")
    answer = upload.getresponse()
    assert answer.status == 202
    path = json.load(answer)["download_url"].removeprefix(site.url)
    upload.close()
    with ExitStack() as stalled:
        for _ in range(60):
            stalled.callback(request(page, site, "GET", path).close)
        page.goto(f"{site.url}/todos/")
        assert connections(site) <= 40
    wait_until(lambda: not list((site.state_dir / "tmp").glob("*.upload*")))


def connections(site: Site) -> int:
    """How many the database has, ours included."""
    with psycopg.connect(site.environment["DATABASE_URL"]) as connection:
        found = connection.execute("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
        return found.fetchone()[0]
