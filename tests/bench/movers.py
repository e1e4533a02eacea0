"""Jobs that move: a process writes for each of them, once a second, what its worker would.

Workers are elsewhere, and many: here one process must do with little, so it composes each UPDATE only once.
"""

import time
from multiprocessing.connection import Connection
from typing import Any

from django.db import connection as database

from progress.models import Job
from progress.reporter import Stage
from progress.worker.attempt import Attempt

ROUND_SECONDS = 1.0

FIRST_VERSION = 3
"""The first that is noted: a job began as its version 1, and 2 was its first report."""


def move(connection: Connection, jobs: list[Job]) -> None:
    """Spread over the second. Notes, for each job, when each version was about to be committed."""
    reports = [report_of(job) for job in jobs]
    times: list[list[float]] = [[] for _ in jobs]
    due = time.monotonic()
    with database.cursor() as cursor:
        while not connection.poll():
            for report, written in zip(reports, times, strict=True):
                due += ROUND_SECONDS / len(jobs)
                time.sleep(max(0.0, due - time.monotonic()))
                written.append(time.monotonic())
                cursor.execute(*report)
    connection.send(times)


def report_of(job: Job) -> tuple[str, Any]:
    """The statement by which a worker reports, and its parameters; the first report."""
    statements = []

    def keep(execute: Any, sql: str, parameters: Any, many: bool, context: Any) -> Any:
        statements.append((sql, parameters))
        return execute(sql, parameters, many, context)

    stage = Stage("Reading rows", "rows", total=1_000_000, weight=1.0)
    with database.execute_wrapper(keep):
        Attempt(job).report(**stage.counts(), eta_seconds=60)
    return statements[0]
