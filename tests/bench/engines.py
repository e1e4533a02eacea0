"""Engines for background jobs: Headway's, and Django-Q2 without it. Each runs the same task in real workers."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.contrib.auth.models import User
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ, Schedule
from django_q.models import Task as TaskResult
from django_q.tasks import async_task

from progress.models import UNFINISHED, Job
from tests.bench import tasks
from tests.faults.cluster import wait_until
from tests.helpers import complete_lines
from tests.paths import ROOT

STOP_SECONDS = 20


class Engine:
    """An engine whose workers use a module of `tests.bench.settings` and additional environment variables."""

    def __init__(self, settings: str, **environment: str) -> None:
        self.settings = settings
        self._environment = environment

    def prepare(self) -> None:
        """Prepare a new database for jobs. Schedules are deleted, so that no other tasks run."""
        Schedule.objects.all().delete()

    def enqueue(self, log_path: Path) -> None:
        """Add a job whose task logs the time in this file."""
        raise NotImplementedError

    def is_busy(self) -> bool:
        """Return whether a job is unfinished, or its last database writes are missing."""
        raise NotImplementedError

    @contextmanager
    def running_workers(self, database_url: str, log: Path) -> Iterator[None]:
        """Run the workers within the block. They may still be starting when the block begins."""
        settings = {"DJANGO_SETTINGS_MODULE": f"tests.bench.settings.{self.settings}", "DATABASE_URL": database_url}
        with log.open("a") as output:
            supervisor = subprocess.Popen(
                [sys.executable, "deploy/dev_worker.py"],
                cwd=ROOT,
                env=os.environ | settings | self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield
        finally:
            supervisor.terminate()
            supervisor.wait(STOP_SECONDS)


class HeadwayEngine(Engine):
    def prepare(self) -> None:
        super().prepare()
        self._owner = User.objects.create(username="alice")

    def enqueue(self, log_path: Path, seconds: float = 0.0) -> None:
        """Add a job whose task waits for some seconds and logs the time."""
        tasks.log_time.enqueue(owner=self._owner, log_path=str(log_path), seconds=seconds)

    def is_busy(self) -> bool:
        return Job.objects.filter(state__in=UNFINISHED).exists()


class DjangoQWithoutResults(Engine):
    def enqueue(self, log_path: Path) -> None:
        async_task("tests.bench.bare_tasks.log_time", str(log_path), broker=ORM())

    def is_busy(self) -> bool:
        return OrmQ.objects.exists()  # a job's entry is deleted after its result was saved


class DjangoQ(DjangoQWithoutResults):
    def prepare(self) -> None:
        """Create as many results as Django-Q2 keeps, because it reads all of them for each job."""
        super().prepare()
        now = timezone.now()
        TaskResult.objects.bulk_create(
            TaskResult(id=uuid.uuid4().hex, name=f"{number}", func="log_time", started=now, stopped=now, success=True)
            for number in range(250)
        )


HEADWAY = HeadwayEngine("two_workers")
DJANGO_Q_WITHOUT_RESULTS = DjangoQWithoutResults("django_q_without_results")
DJANGO_Q = DjangoQ("django_q")


class TaskLog:
    """A file with the times at which tasks ran, as returned by `time.monotonic`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.touch()

    def times(self) -> list[float]:
        return [float(line) for line in complete_lines(self.path)]

    def wait_for(self, count: int, seconds: float) -> None:
        """Wait until this number of tasks have run. Raises an error after some seconds."""
        wait_until(lambda: len(self.times()) >= count, seconds)
