"""Factories and other helpers of tests."""

import io
import re
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.db.models.functions import Now
from django.http import HttpResponse
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage
from PIL import Image, ImageDraw

from progress.live.logins import Login
from progress.models import Job, State
from progress.worker import runner
from todos.models import Todo

PASSWORD = "correct horse battery staple"
BACKEND = "config.accounts.backends.UserBackend"


def make_login(user: User) -> Login:
    """Create a session of the user, with one query. `Client.force_login` takes 17, and ten times as long."""
    password_hash = user.get_session_auth_hash()
    data = {SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: BACKEND, HASH_SESSION_KEY: password_hash}
    session = Session.objects.create(
        session_key=uuid4().hex,
        session_data=SessionStore().encode(data),
        expire_date=timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE),
    )
    return Login(user.pk, session.session_key, password_hash)


def make_job(**values: Any) -> Job:
    """Create a job without a delivery in the queue. Columns that its state requires have defaults."""
    state = values.setdefault("state", State.QUEUED)
    values = {"task": "tests.progress.tasks.count", "label": "Counting", **values}
    if state != State.QUEUED:
        values = {"attempt": 1, "started_at": Now(), "heartbeat_at": Now(), **values}
    if state not in (State.QUEUED, State.RUNNING):
        values.setdefault("finished_at", Now())
    if state == State.SUCCEEDED:
        values.setdefault("percent", 100)
    job = Job.objects.create(**values)
    job.refresh_from_db()
    return job


def make_todo(**values: Any) -> Todo:
    return Todo.objects.create(**{"title": "Buy milk", **values})


def photo(width: int = 400, height: int = 300, format: str = "JPEG", **options: Any) -> bytes:
    """Return an encoded blue picture with a red top left quarter. `options` are passed to the encoder."""
    image = Image.new("RGB", (width, height), "blue")
    ImageDraw.Draw(image).rectangle((0, 0, width // 2, height // 2), fill="red")
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def file(content: bytes = b"hello", name: str = "hello.txt") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def run_queue() -> int:
    """Run all deliveries in the queue, as a worker does. Return their number."""
    count = 0
    while entry := OrmQ.objects.order_by("id").first():
        package = SignedPackage.loads(entry.payload)
        entry.delete()
        assert package["func"] == "progress.worker.run"
        assert runner.run(*package["args"]) is None
        count += 1
    return count


def body(response: Any) -> bytes:
    """Return the whole content of a response. After that, the test client closes a streaming response."""
    return b"".join(response) if response.streaming else response.content


def files_below(directory: Path) -> list[str]:
    return sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())


def complete_lines(path: Path) -> list[str]:
    """Return the lines of a file that other processes append to, without an incomplete last line.

    A reader can see a part of a line, even if the writer wrote it by one call.
    """
    return path.read_text().rpartition("\n")[0].splitlines()


def problem(response: HttpResponse, status: int) -> dict[str, Any]:
    """Check that the response is a problem document with this status, and return it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert set(body) - {"errors", "current", "request_id"} == {"type", "title", "status", "detail"}
    assert ("request_id" in body) == (status == 500)
    assert body["title"]
    assert body["detail"]
    return body


@contextmanager
def after_select(table: str, function: Callable[[], object], times: int = 1) -> Iterator[None]:
    """Call the function within the block, immediately after this number of SELECT statements on the table."""
    left = times

    def execute(run: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        nonlocal left
        result = run(sql, *arguments)
        if sql.startswith("SELECT") and f'FROM "{table}"' in sql:
            left -= 1
            if left == 0:
                function()
        return result

    with connection.execute_wrapper(execute):
        yield
    assert left <= 0


def run_concurrently(*functions: Callable[[], Any]) -> list[Any]:
    """Call the functions in threads that start together. Return their results in the same order."""
    barrier = threading.Barrier(len(functions))

    def run(function: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return function()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result() for future in [pool.submit(run, function) for function in functions]]


def main_part(page: str) -> str:
    """Return the content of a page without its header, tray and templates."""
    return re.sub(r"<template.*?</template>", "", page.split("<main")[1].split("</main>")[0], flags=re.DOTALL)
