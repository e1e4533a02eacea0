"""Import and export: how long an import takes as a whole job, how long others who want to write wait for a large one,
and what memory an export takes.

The files are CSV. The export is that of gunicorn, to a client that reads as fast as it can.
"""

import http.client
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from progress.models import UNRESPONSIVE_AFTER, Job, State
from tests.bench.aside import aside, notes_of
from tests.bench.databases import KINDS, Databases, using
from tests.bench.peers import OURS
from tests.bench.results import Result
from tests.bench.size import size
from tests.bench.todos import make_list
from tests.bench.transfers import MEBIBYTE, Growth
from tests.bench.web import Web, web
from tests.faults.cluster import START_SECONDS, wait_until
from tests.faults.web import Visitor, make_user
from todos.import_export.importing import MAX_ROWS
from todos.tasks import import_file
from uploads.receiving import ingest

ROWS = size(10_000, quick=100)
MOST_SECONDS = 10
LARGEST = size(MAX_ROWS, quick=200)
FEW, MANY = size((10_000, 100_000), quick=(100, 1_000))
MOST_GROWTH = 8
"""MiB."""

LONGEST_SECONDS = 600
PAUSE_SECONDS = 0.02


def measure(databases: Databases) -> Iterator[Result]:
    """An import on both databases, the others where they are hardest."""
    seconds = {kind: import_rows(databases, kind, ROWS)[0] for kind in KINDS}
    for kind in KINDS:
        yield Result(f"exchange: import of {ROWS:,} rows", kind, seconds[kind], MOST_SECONDS, "s", most=1)
    longest, wait = import_rows(databases, "sqlite", LARGEST)
    yield Result(f"exchange: import of {LARGEST:,} / of {ROWS:,}", "sqlite", longest, seconds["sqlite"], "s")
    name = f"exchange: longest wait of a writer, {LARGEST:,} rows"
    yield Result(name, "sqlite", wait, UNRESPONSIVE_AFTER.total_seconds(), "s", most=1)
    few, many = growths(databases)
    yield Result(f"exchange: growth by an export of {FEW:,}", "postgresql", few, MOST_GROWTH, "MiB", most=1)
    yield Result(f"exchange: growth by an export of {MANY:,}", "postgresql", many, MOST_GROWTH, "MiB", most=1)


def import_rows(databases: Databases, kind: str, rows: int) -> tuple[float, float]:
    """The seconds of the job, and the longest that somebody waited who kept writing meanwhile."""
    url = databases.new(kind)
    with using(url):
        OURS.prepare()
        owner = User.objects.get()
        with OURS.working(url, log=databases.directory / "exchange.log"), aside(keep_writing) as writer:
            OURS.enqueue(databases.directory / "exchange-diary")  # a warm-up
            wait_until(lambda: not OURS.is_busy(), START_SECONDS)
            job = ingest.create_upload(owner, file_of(rows), import_file).job
            wait_until(lambda: Job.objects.get(pk=job.pk).is_finished, LONGEST_SECONDS)
            longest = notes_of(writer)
        job.refresh_from_db()
        assert job.state == State.SUCCEEDED, job.error_message
        assert owner.todos.count() == rows
    return (job.finished_at - job.started_at).total_seconds(), longest


def file_of(rows: int) -> SimpleUploadedFile:
    lines = "".join(f"Thing {row},Some notes on it,2030-01-31,uid-{row}\n" for row in range(rows))
    return SimpleUploadedFile("things.csv", f"title,notes,due_on,uid\n{lines}".encode())


def keep_writing(connection: Connection) -> None:
    """Somebody else changes something again and again; the longest that this took."""
    longest = 0.0
    while not connection.poll(PAUSE_SECONDS):
        begun_at = time.monotonic()
        User.objects.filter(username="alice").update(first_name=f"{begun_at}")
        longest = max(longest, time.monotonic() - begun_at)
    connection.send(longest)


def growths(databases: Databases) -> list[float]:
    """By how many MiB a web process grows at most, when it sends a list of few and then one of many."""
    url = databases.new("postgresql")
    with using(url), web(databases, url) as site:
        visitors = [Visitor(make_list(make_user(), number)) for number in (FEW, MANY)]
        headers = [visitor.headers(site) for visitor in visitors]
        export(site, Visitor(make_list(make_user(), 1000)).headers(site))  # a warm-up
        found = []
        for each in headers:
            growth = Growth(site.process.pid)
            export(site, each)
            found.append(growth.largest() / MEBIBYTE)
    return found


def export(site: Web, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port)
    connection.request("GET", "/api/todos/export/?format=csv", headers={"Host": f"localhost:{site.port}"} | headers)
    answer = connection.getresponse()
    assert answer.status == 200
    while answer.read(MEBIBYTE):
        pass
    connection.close()
