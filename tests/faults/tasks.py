"""Tasks that do what tasks do in the field. Each notes what happens to it in a diary, which outlives it."""

import ctypes
import itertools
import os
import signal
import time
import uuid
from pathlib import Path

from progress.tasks import TaskError, task


def note(diary: str, *words: object) -> None:
    """One line, written at once and whole: "monotonic-time pid event name [attempt]"."""
    line = " ".join(map(str, (time.monotonic(), os.getpid(), *words)))
    with Path(diary).open("a") as file:
        file.write(f"{line}\n")


@task(label="Working", max_attempts=50)
def work(progress, diary, name, steps=5, pause=0.02):
    """Something repeatable: its effect is a file of its own, made whole or not at all."""
    attempt = uuid.uuid4().hex
    note(diary, "begin", name, attempt)
    for _ in progress.track(range(steps), stage="Working", unit="steps"):
        time.sleep(pause)
        note(diary, "at", name, attempt)
    made = Path(diary).parent / "made" / str(name)
    made.parent.mkdir(exist_ok=True)
    part = made.with_suffix(f".{attempt}")
    part.write_text(str(name))
    part.rename(made)
    note(diary, "end", name, attempt)
    return {"name": name}


@task(label="Nothing", max_attempts=50)
def nothing(progress):
    pass


@task(label="Working for long", max_attempts=3)
def long(progress, diary, seconds=60.0):
    note(diary, "begin", "long")
    for _ in progress.track(range(int(seconds / 0.05)), stage="Working", unit="steps"):
        time.sleep(0.05)
    note(diary, "end", "long")


@task(label="Working without a word", max_attempts=3)
def silent(progress, diary, seconds=60.0):
    attempt = uuid.uuid4().hex
    note(diary, "begin", "silent", attempt)
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        note(diary, "at", "silent", attempt)
        time.sleep(0.05)
    note(diary, "end", "silent", attempt)


@task(label="Working until there is a sign", max_attempts=3)
def until(progress, diary, name, sign):
    """Goes on until that file is there, without asking whether it may."""
    attempt = uuid.uuid4().hex
    note(diary, "begin", name, attempt)
    while not Path(sign).exists():
        note(diary, "at", name, attempt)
        time.sleep(0.05)
    note(diary, "end", name, attempt)


@task(label="Killing its worker", max_attempts=3)
def suicidal(progress, diary):
    note(diary, "begin", "suicidal")
    os.kill(os.getpid(), signal.SIGKILL)


@task(label="Letting nobody else run", max_attempts=1, time_limit=2)
def greedy(progress, diary):
    """Sleeps without giving other threads of its process a chance, as a library in C may."""
    note(diary, "begin", "greedy")
    ctypes.PyDLL(None).sleep(600)


@task(label="Stubborn", max_attempts=1, time_limit=2)
def stubborn(progress, diary):
    note(diary, "begin", "stubborn")
    for _ in itertools.count():
        try:
            time.sleep(0.05)
            progress.stage("Not listening")
        except BaseException:
            pass


@task(label="Swallowing", max_attempts=2)
def swallowing(progress, diary):
    note(diary, "begin", "swallowing")
    try:
        raise SystemExit(3)
    except BaseException:
        return {"swallowed": True}


@task(label="Sleeping", max_attempts=2, time_limit=1)
def sleeping(progress, diary):
    note(diary, "begin", "sleeping")
    time.sleep(600)


@task(label="Odd", max_attempts=2)
def odd(progress, diary):
    note(diary, "begin", "odd")
    return lambda: None


@task(label="Refusing", max_attempts=3)
def refusing(progress, diary):
    note(diary, "begin", "refusing")
    progress.stage("Looking", total=2)
    progress.advance()
    raise TaskError("no_good", "This is no good.")


@task(label="In one transaction", max_attempts=3)
def in_one_transaction(progress, diary, seconds=2.0):
    """Progress must be seen although nothing that the task writes is committed yet."""
    from django.contrib.auth.models import User
    from django.db import transaction

    note(diary, "begin", "transaction")
    with transaction.atomic():
        User.objects.create(username=f"made-by-{os.getpid()}-{time.monotonic()}")
        for _ in progress.track(range(int(seconds / 0.05)), stage="Importing", unit="rows"):
            time.sleep(0.05)
    note(diary, "end", "transaction")


@task(label="Asking the database", max_attempts=3)
def asking(progress, diary, seconds=8.0):
    from django.contrib.auth.models import User

    note(diary, "begin", "asking")
    for _ in progress.track(range(int(seconds / 0.05)), stage="Asking", unit="questions"):
        User.objects.count()
        time.sleep(0.05)
    note(diary, "end", "asking")


@task(label="Waiting for the database", max_attempts=1, time_limit=3)
def waiting(progress, diary, sign):
    from django.db import transaction

    note(diary, "begin", "waiting")
    while not Path(sign).exists():
        time.sleep(0.01)
    with transaction.atomic():
        note(diary, "end", "waiting")
