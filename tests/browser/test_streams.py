"""Streams of the real server: many at once cost the database nothing, and none holds up a deploy."""

import http.client
import os
import signal
import time
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.browser.conftest import sign_up
from tests.browser.site import Site
from tests.browser.test_slow_clients import connections

USERS = 4
MANY = 33
"""Streams of each user: together more than the database may have connections."""


class Stream:
    """A client that reads the raw events of one job."""

    def __init__(self, page, site: Site, job_id: str) -> None:
        cookies = {cookie["name"]: cookie["value"] for cookie in page.context.cookies()}
        self.connection = http.client.HTTPConnection("localhost", site.port, timeout=30)
        headers = {"Cookie": f"sessionid={cookies['sessionid']}"}
        self.connection.request("GET", f"/api/progress/stream/?id={job_id}", headers=headers)
        self.answer = self.connection.getresponse()
        assert self.answer.status == 200

    def close(self) -> None:
        self.answer.close()
        self.connection.close()

    def next_version(self) -> int:
        while line := self.answer.readline():
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
    """A job of the visitor's that runs on and on."""
    return make_running_job(page, site, database)


def make_running_job(page, site: Site, database) -> str:
    """Sign up another user and return the id of a job of theirs."""
    page.context.clear_cookies()
    name = f"watcher-{uuid4().hex}"
    sign_up(page, site, name)
    (job_id,) = database.execute(
        """
        INSERT INTO progress_job
            (id, owner_id, task, arguments, label, state, stage, current, unit, attempt, max_attempts, claim, worker,
             version, cancel_requested, error_code, error_message, created_at, delivered_at, changed_at, heartbeat_at)
        SELECT gen_random_uuid(), id, 'x', '{}', 'Running on', 'running', '', 0, '', 1, 1, 1, '',
               1, false, '', '', now(), now(), now(), now() + interval '1 hour'
        FROM auth_user WHERE username = %s RETURNING id
        """,
        [name],
    ).fetchone()
    return str(job_id)


def test_many_streams_share_their_questions_and_hold_no_connection(page, site, database):
    with ExitStack() as open_streams:
        streams = []
        for _ in range(USERS):
            job_id = make_running_job(page, site, database)
            streams += [open_streams.enter_context(closing(Stream(page, site, job_id))) for _ in range(MANY)]
        for stream in streams:
            assert stream.next_version() == 1
        assert connections(site) <= 40
        database.execute("UPDATE progress_job SET version = 2, changed_at = now() WHERE task = 'x'")
        for stream in streams:
            assert stream.next_version() == 2
        page.goto(f"{site.url}/todos/")


def test_a_stream_ends_at_once_when_its_server_is_replaced_and_another_one_answers(page, site, job_id):
    with closing(Stream(page, site, job_id)) as stream:
        assert stream.next_version() == 1
        seconds = seconds_to_end(stream, site)
    assert seconds < 8  # and not the 15 that requests have for ending
    with closing(Stream(page, site, job_id)) as stream:
        assert stream.next_version() == 1


def seconds_to_end(stream: Stream, site: Site) -> float:
    """How long it takes to end, once its server is told to make room for another."""
    os.kill(master_of(site), signal.SIGHUP)
    asked_at = time.monotonic()
    while stream.answer.readline():
        pass
    return time.monotonic() - asked_at


def master_of(site: Site) -> int:
    """The process that has started all web processes, and starts others in their place when it is sent a SIGHUP."""
    parents = {pid: parent(pid) for pid in site.processes("config.wsgi")}
    (master,) = [pid for pid, above in parents.items() if above and above not in parents]
    return master


def parent(pid: int) -> int:
    """0 if there is no such process any more."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    return int(stat.rpartition(")")[2].split()[1])
