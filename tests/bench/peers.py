"""Who does background work here: our engine, and Django-Q2 without it. Each starts real workers for the same no-op."""

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
from django_q.models import Task as Leftover
from django_q.tasks import async_task

from progress.models import UNFINISHED, Job
from tests.bench import tasks
from tests.faults.cluster import wait_until
from tests.helpers import complete_lines
from tests.paths import ROOT

STOP_SECONDS = 20


class Peer:
    """`settings` is the module of `tests.bench.settings` that its workers have, beside this environment."""

    def __init__(self, settings: str, **environment: str) -> None:
        self.settings = settings
        self._environment = environment

    def prepare(self) -> None:
        """Make a new database what it must be before the first job. Nothing is done there by a schedule."""
        Schedule.objects.all().delete()

    def enqueue(self, diary: Path) -> None:
        """One job more, whose task notes the time in that diary."""
        raise NotImplementedError

    def is_busy(self) -> bool:
        """Whether some job isn't over, with all that is written at its end."""
        raise NotImplementedError

    @contextmanager
    def working(self, database_url: str, log: Path) -> Iterator[None]:
        """Its workers are there meanwhile, or will be soon."""
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


class Ours(Peer):
    def prepare(self) -> None:
        super().prepare()
        self._owner = User.objects.create(username="alice")

    def enqueue(self, diary: Path, seconds: float = 0.0) -> None:
        """One that waits for so long, too."""
        tasks.nothing.enqueue(owner=self._owner, diary=str(diary), seconds=seconds)

    def is_busy(self) -> bool:
        return Job.objects.filter(state__in=UNFINISHED).exists()


class Bare(Peer):
    def enqueue(self, diary: Path) -> None:
        async_task("tests.bench.bare_tasks.nothing", str(diary), broker=ORM())

    def is_busy(self) -> bool:
        return OrmQ.objects.exists()  # what a job leaves there is deleted after its result was saved


class Stock(Bare):
    def prepare(self) -> None:
        """It reads all the results that it keeps for each job, so it has to have as many as it keeps."""
        super().prepare()
        now = timezone.now()
        Leftover.objects.bulk_create(
            Leftover(id=uuid.uuid4().hex, name=f"{number}", func="nothing", started=now, stopped=now, success=True)
            for number in range(250)
        )


OURS = Ours("ours")
BARE = Bare("bare")
STOCK = Stock("stock")


class Diary:
    """When the tasks ran, by the clock of `time.monotonic`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.touch()

    def times(self) -> list[float]:
        return [float(line) for line in complete_lines(self.path)]

    def wait_for(self, count: int, seconds: float) -> None:
        wait_until(lambda: len(self.times()) >= count, seconds)
