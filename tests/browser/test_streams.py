"""Streams of jobs: many of them share database queries, and they end when their web process is replaced."""

import http.client
import time
from contextlib import ExitStack, closing
from uuid import uuid4

import psycopg
import pytest

from tests.browser.conftest import sign_up
from tests.browser.site import Site

USERS = 4
STREAMS_PER_USER = 33  # the streams of all users are more than the database's connections


class Stream:
    """A client that reads the raw events of one job."""

    def __init__(self, page, site: Site, job_id: str) -> None:
        cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        self.connection = http.client.HTTPConnection("localhost", site.port, timeout=30)
        headers = {"Cookie": f"sessionid={cookies['sessionid']}"}
        self.connection.request("GET", f"/api/progress/stream/?id={job_id}", headers=headers)
        self.response = self.connection.getresponse()
        assert self.response.status == 200

    def close(self) -> None:
        self.response.close()
        self.connection.close()

    def next_version(self) -> int:
        while line := self.response.readline():
            if line.startswith(b"id: "):
                return int(line.rpartition(b":")[2])
        raise AssertionError("the stream has ended")


@pytest.fixture
def site(postgresql_site):
    return postgresql_site


@pytest.fixture
def database(site):
    with psycopg.connect(site.environment["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def job_id(page, site, database) -> str:
    """A running job of a new user, which is logged in on the page."""
    return make_running_job(page, site, database)


def make_running_job(page, site: Site, database) -> str:
    """Sign up a new user. Return the id of a running job of this user."""
    page.context.clear_cookies()
    name = f"watcher-{uuid4().hex}"
    sign_up(page, site, name)
    (job_id,) = database.execute(
        """
        INSERT INTO progress_job
            (id, owner_id, task, arguments, label, state, stage, current, unit, attempt, max_attempts, claim, worker,
             version, cancel_requested, error_code, error_message, created_at, delivered_at, changed_at, heartbeat_at)
        SELECT gen_random_uuid(), id, 'x', '{}', 'Running', 'running', '', 0, '', 1, 1, 1, '',
               1, false, '', '', now(), now(), now(), now() + interval '1 hour'
        FROM auth_user WHERE username = %s RETURNING id
        """,
        [name],
    ).fetchone()
    return str(job_id)


def test_many_streams_share_queries_and_hold_no_connections(page, site, database):
    with ExitStack() as open_streams:
        streams = []
        for _ in range(USERS):
            job_id = make_running_job(page, site, database)
            streams += [
                open_streams.enter_context(closing(Stream(page, site, job_id))) for _ in range(STREAMS_PER_USER)
            ]
        for stream in streams:
            assert stream.next_version() == 1
        assert site.database_connections() <= 40
        database.execute("UPDATE progress_job SET version = 2, changed_at = now() WHERE task = 'x'")
        for stream in streams:
            assert stream.next_version() == 2
        page.goto(f"{site.url}/todos/")


def test_stream_ends_immediately_when_its_web_process_is_replaced_and_can_be_opened_again(page, site, job_id):
    with closing(Stream(page, site, job_id)) as stream:
        assert stream.next_version() == 1
        seconds = seconds_to_end(stream, site)
    assert seconds < 8  # other requests have 15 seconds to complete
    with closing(Stream(page, site, job_id)) as stream:
        assert stream.next_version() == 1


def seconds_to_end(stream: Stream, site: Site) -> float:
    """Replace the web processes. Return the time until the stream has ended."""
    replaced_pids = site.replace_web_processes()
    started_at = time.monotonic()
    while stream.response.readline():
        pass
    seconds = time.monotonic() - started_at
    site.wait_until_ended(replaced_pids)
    return seconds
