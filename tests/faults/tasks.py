"""Tasks that behave well or badly in different ways. Each writes events to a file that survives its process."""

import ctypes
import itertools
import os
import signal
import time
import uuid
from pathlib import Path

from django.contrib.auth.models import User
from django.db import transaction

from progress.tasks import TaskError, task


def record(events: str, *values: object) -> None:
    """Append a line to the event log by a single write: "monotonic-time pid event name [attempt]"."""
    line = " ".join(map(str, (time.monotonic(), os.getpid(), *values)))
    with Path(events).open("a") as file:
        file.write(f"{line}\n")


@task(label="Working", max_attempts=50)
def work(progress, events, name, steps=5, pause=0.02):
    """Write one file. The task is repeatable: it writes under a temporary name, and renames the complete file."""
    attempt = uuid.uuid4().hex
    record(events, "begin", name, attempt)
    for _ in progress.track(range(steps), stage="Working", unit="steps"):
        time.sleep(pause)
        record(events, "step", name, attempt)
    made = Path(events).parent / "made" / str(name)
    made.parent.mkdir(exist_ok=True)
    part = made.with_suffix(f".{attempt}")
    part.write_text(str(name))
    part.rename(made)
    record(events, "end", name, attempt)
    return {"name": name}


@task(label="Working slowly", max_attempts=3)
def work_slowly(progress, events, seconds=60.0):
    record(events, "begin", "slow")
    for _ in progress.track(range(int(seconds / 0.05)), stage="Working", unit="steps"):
        time.sleep(0.05)
    record(events, "end", "slow")


@task(label="Working without progress", max_attempts=3)
def work_without_progress(progress, events, seconds=60.0):
    attempt = uuid.uuid4().hex
    record(events, "begin", "silent", attempt)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        record(events, "step", "silent", attempt)
        time.sleep(0.05)
    record(events, "end", "silent", attempt)


@task(label="Working until a file exists", max_attempts=3)
def work_until_file_exists(progress, events, name, file):
    """Work until the file exists, without progress updates, which would raise an exception if the job was lost."""
    attempt = uuid.uuid4().hex
    record(events, "begin", name, attempt)
    while not Path(file).exists():
        record(events, "step", name, attempt)
        time.sleep(0.05)
    record(events, "end", name, attempt)


@task(label="Killing its worker", max_attempts=3)
def kill_worker(progress, events):
    record(events, "begin", "kill_worker")
    os.kill(os.getpid(), signal.SIGKILL)


@task(label="Holding the GIL", max_attempts=1, time_limit=2)
def hold_gil(progress, events):
    """Sleep without releasing the global interpreter lock, as a C library may, so that no other thread can run."""
    record(events, "begin", "hold_gil")
    ctypes.PyDLL(None).sleep(600)


@task(label="Ignoring all exceptions", max_attempts=1, time_limit=2)
def ignore_exceptions(progress, events):
    record(events, "begin", "ignore_exceptions")
    for _ in itertools.count():
        try:
            time.sleep(0.05)
            progress.stage("Ignoring exceptions")
        except BaseException:
            pass


@task(label="Catching SystemExit", max_attempts=2)
def catch_system_exit(progress, events):
    record(events, "begin", "catch_system_exit")
    try:
        raise SystemExit(3)
    except BaseException:
        return {"caught": True}


@task(label="Exceeding its time limit", max_attempts=2, time_limit=1)
def exceed_time_limit(progress, events):
    record(events, "begin", "exceed_time_limit")
    time.sleep(600)


@task(label="Returning a function", max_attempts=2)
def return_function(progress, events):
    record(events, "begin", "return_function")
    return lambda: None


@task(label="Raising TaskError", max_attempts=3)
def raise_task_error(progress, events):
    record(events, "begin", "raise_task_error")
    progress.stage("Checking", total=2)
    progress.advance()
    raise TaskError("invalid", "The file is invalid.")


@task(label="Working in one transaction", max_attempts=3)
def work_in_transaction(progress, events, seconds=2.0):
    """Report progress in a transaction. The progress must be visible before the transaction is committed."""
    record(events, "begin", "transaction")
    with transaction.atomic():
        User.objects.create(username=f"made-by-{os.getpid()}-{time.monotonic()}")
        for _ in progress.track(range(int(seconds / 0.05)), stage="Importing", unit="rows"):
            time.sleep(0.05)
    record(events, "end", "transaction")


@task(label="Querying the database", max_attempts=3)
def query_database(progress, events, seconds=8.0):
    record(events, "begin", "query_database")
    for _ in progress.track(range(int(seconds / 0.05)), stage="Querying", unit="queries"):
        User.objects.count()
        time.sleep(0.05)
    record(events, "end", "query_database")


@task(label="Waiting for the database", max_attempts=1, time_limit=3)
def wait_for_database(progress, events, file):
    """Begin a transaction once the file exists."""
    record(events, "begin", "wait_for_database")
    while not Path(file).exists():
        time.sleep(0.01)
    with transaction.atomic():
        record(events, "end", "wait_for_database")
