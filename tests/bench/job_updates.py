"""Progress of running jobs: a process that writes once per second for each job, as its worker would.

In production these are many workers on other machines. One process replaces them here, so each UPDATE is composed only
once.
"""

import time
from multiprocessing.connection import Connection
from typing import Any

from django.db import connection as database

from progress.models import Job
from progress.reporter import Stage
from progress.worker.attempt import Attempt

INTERVAL_SECONDS = 1.0

FIRST_VERSION = 3
"""The first version whose time is recorded. Version 1 is the new job, and 2 is written by `_update_statement`."""


def update_jobs(connection: Connection, jobs: list[Job]) -> None:
    """Update the jobs, evenly spread over each second, until a message is received.

    Send the times just before each commit, by job and version.
    """
    updates = [_update_statement(job) for job in jobs]
    times: list[list[float]] = [[] for _ in jobs]
    due = time.monotonic()
    with database.cursor() as cursor:
        while not connection.poll():
            for update, job_times in zip(updates, times, strict=True):
                due += INTERVAL_SECONDS / len(jobs)
                time.sleep(max(0.0, due - time.monotonic()))
                job_times.append(time.monotonic())
                cursor.execute(*update)
    connection.send(times)


def _update_statement(job: Job) -> tuple[str, Any]:
    """Report progress once, as a worker does. Return the SQL statement and its parameters."""
    statements = []

    def record(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        statements.append((sql, parameters))
        return execute(sql, parameters, many, context)

    stage = Stage("Reading rows", "rows", total=1_000_000, weight=1.0)
    with database.execute_wrapper(record):
        Attempt(job).report(**stage.counts(), eta_seconds=60)
    return statements[0]
