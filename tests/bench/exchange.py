"""Import and export: duration of an import job, longest wait of other writers, and memory growth by an export.

The files are CSV. Gunicorn serves the export to a client that reads without pauses.
"""

import http.client
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from progress.models import UNRESPONSIVE_AFTER, Job, State
from tests.bench.databases import KINDS, Databases, using
from tests.bench.engines import HEADWAY
from tests.bench.forks import result_of, run_in_fork
from tests.bench.results import Result
from tests.bench.size import size
from tests.bench.transfers import MEBIBYTE, MemoryGrowth
from tests.bench.web import Site, running_site
from tests.faults.cluster import START_SECONDS, wait_until
from tests.faults.web import Visitor, make_user
from tests.todos.pages.helpers import make_plain_todos
from todos.import_export.importing import MAX_ROWS
from todos.tasks import import_file
from uploads.receiving import ingest

ROWS = size(10_000, quick=100)
MAX_SECONDS = 10
LARGEST = size(MAX_ROWS, quick=200)
FEW, MANY = size((10_000, 100_000), quick=(100, 500))
MAX_GROWTH_MIB = 8

TIMEOUT_SECONDS = 600
PAUSE_SECONDS = 0.02


def measure(databases: Databases) -> Iterator[Result]:
    seconds = {kind: import_rows(databases, kind, ROWS)[0] for kind in KINDS}
    for kind in KINDS:
        yield Result(f"exchange: import of {ROWS:,} rows", kind, seconds[kind], MAX_SECONDS, "s", max_ratio=1)
    duration, wait = import_rows(databases, "sqlite", LARGEST)
    yield Result(f"exchange: import of {LARGEST:,} / of {ROWS:,}", "sqlite", duration, seconds["sqlite"], "s")
    name = f"exchange: longest wait of a writer, {LARGEST:,} rows"
    yield Result(name, "sqlite", wait, UNRESPONSIVE_AFTER.total_seconds(), "s", max_ratio=1)
    few, many = export_growths(databases)
    yield Result(f"exchange: growth by an export of {FEW:,}", "postgresql", few, MAX_GROWTH_MIB, "MiB", max_ratio=1)
    yield Result(f"exchange: growth by an export of {MANY:,}", "postgresql", many, MAX_GROWTH_MIB, "MiB", max_ratio=1)


def import_rows(databases: Databases, kind: str, rows: int) -> tuple[float, float]:
    """Import rows. Return the duration of the job, and the longest wait of another writer, in seconds."""
    url = databases.create(kind)
    with using(url):
        HEADWAY.prepare()
        owner = User.objects.get()
        log = databases.directory / "exchange.log"
        with HEADWAY.running_workers(url, log), run_in_fork(keep_writing) as writer:
            HEADWAY.enqueue(databases.directory / "exchange-times")  # a warm-up
            wait_until(lambda: not HEADWAY.is_busy(), START_SECONDS)
            job = ingest.create_upload(owner, make_file(rows), import_file).job
            wait_until(lambda: Job.objects.get(pk=job.pk).is_finished, TIMEOUT_SECONDS)
            longest_wait = result_of(writer)
        job.refresh_from_db()
        assert job.state == State.SUCCEEDED, job.error_message
        assert owner.todos.count() == rows
    return (job.finished_at - job.started_at).total_seconds(), longest_wait


def make_file(rows: int) -> SimpleUploadedFile:
    lines = "".join(f"Thing {row},Some notes on it,2030-01-31,uid-{row}\n" for row in range(rows))
    return SimpleUploadedFile("things.csv", f"title,notes,due_on,uid\n{lines}".encode())


def keep_writing(connection: Connection) -> None:
    """Update a row repeatedly until a message is received. Send the duration of the longest update, in seconds."""
    longest = 0.0
    while not connection.poll(PAUSE_SECONDS):
        started_at = time.monotonic()
        User.objects.filter(username="alice").update(first_name=f"{started_at}")
        longest = max(longest, time.monotonic() - started_at)
    connection.send(longest)


def export_growths(databases: Databases) -> list[float]:
    """Return the peak memory growth of a web process, in MiB, by an export of FEW and then one of MANY to-dos."""
    url = databases.create("postgresql")
    with using(url), running_site(databases, url) as site:
        visitors = [Visitor(make_plain_todos(make_user(), number)) for number in (FEW, MANY)]
        headers = [visitor.headers(site) for visitor in visitors]
        export(site, Visitor(make_plain_todos(make_user(), 1000)).headers(site))  # a warm-up
        growths = []
        for visitor_headers in headers:
            growth = MemoryGrowth(site.process.pid)
            export(site, visitor_headers)
            growths.append(growth.peak() / MEBIBYTE)
    return growths


def export(site: Site, headers: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", site.port)
    connection.request("GET", "/api/todos/export/?format=csv", headers={"Host": f"localhost:{site.port}"} | headers)
    response = connection.getresponse()
    assert response.status == 200
    while response.read(MEBIBYTE):
        pass
    connection.close()
