"""Job, the truth about a piece of background work, and Worker, who is there to do it.

State moves by guarded UPDATEs, never by read-then-save; the database refuses what can't be. Heartbeats are written and
judged by the database's clock, so that machines needn't agree on the time. Deliveries have the time of the machine that
made them: there a difference costs no more than time.

Each change that a watcher may see raises `version` and stamps `changed_at`. `attempt` is what people see, and starts
anew when they retry; `claim` counts the same and never starts anew, so it is what a worker proves its right by.
"""

import uuid
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

LEASE = timedelta(seconds=14)
"""A running job whose heart has not beaten for so long has lost its worker."""

UNRESPONSIVE_AFTER = timedelta(seconds=8)
"""After so long a silence a process that is still there is not trusted to come back in time."""

MAX_OVERTAKING = timedelta(seconds=10)
"""How much younger than the oldest queued job of its owner a job may be and start first, because it was delivered."""

WORKER_TIMEOUT = timedelta(seconds=30)
"""A worker that has not reported for so long is taken to be gone."""


class State(models.TextChoices):
    QUEUED = "queued", "waiting"
    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "done"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


UNFINISHED = (State.QUEUED, State.RUNNING)
RETRYABLE = (State.FAILED, State.CANCELLED)
TEMPORARY_ERRORS = ("internal", "worker_lost", "time_limit")
"""The codes of errors that are not the task's own, so that another attempt may succeed."""

CLAIM = """
    {running}
    UPDATE progress_job
    SET state = 'running', attempt = attempt + 1, claim = claim + 1, version = version + 1, worker = %s,
        started_at = {now}, heartbeat_at = {now}, changed_at = {now},
        stage = '', unit = '', current = 0, total = NULL, percent = NULL, eta_seconds = NULL
    WHERE state = 'queued' AND {condition}
    RETURNING *
"""
"""Raw SQL, because the ORM has no UPDATE with RETURNING."""

DELIVERED_IS_NEXT = """
    id = %s
    AND (SELECT min(owner_id) FROM progress_job WHERE state = 'queued')
        = (SELECT max(owner_id) FROM progress_job WHERE state = 'queued')
    AND {earliest} <= (SELECT min(created_at) FROM progress_job WHERE state = 'queued')
"""
"""Each subquery is one index lookup."""

RUNNING = """
    WITH running (owner_id, jobs) AS (
        SELECT owner_id, count(*) FROM progress_job WHERE state = 'running' GROUP BY owner_id
    )
"""

IS_NEXT = """
    id = coalesce(
        (
            SELECT oldest.id
            FROM progress_job AS oldest
            WHERE oldest.state = 'queued' AND oldest.owner_id NOT IN (SELECT owner_id FROM running) AND oldest.id = (
                SELECT id FROM progress_job
                WHERE state = 'queued' AND owner_id = oldest.owner_id
                ORDER BY created_at, id LIMIT 1
            )
            ORDER BY oldest.created_at, oldest.id
            LIMIT 1 {lock}
        ),
        (
            SELECT oldest.id
            FROM running
            JOIN progress_job AS oldest ON oldest.id = (
                SELECT id FROM progress_job
                WHERE state = 'queued' AND owner_id = running.owner_id
                ORDER BY created_at, id LIMIT 1
            )
            WHERE oldest.state = 'queued'
            ORDER BY running.jobs, oldest.created_at, oldest.id
            LIMIT 1 {lock}
        )
    )
"""
"""The first subquery selects the oldest job of the owners without running jobs: it passes over the older jobs of owners
with running jobs, of whom each has MAX_QUEUED at most. The second one does one index lookup for each owner with running
jobs, of whom there are as many as worker processes. The condition that a job is its owner's oldest keeps concurrent
claims, which skip each other's jobs, from claiming two jobs of one owner."""

CLAIM_LOCKS = {"postgresql": ("FOR UPDATE OF oldest SKIP LOCKED", "FOR UPDATE OF oldest")}
"""How to lock the chosen row, in the order to try. SQLite needs no lock: it has one writer at a time."""


def changed() -> dict[str, Any]:
    """What every UPDATE sets that watchers shall see."""
    return {"version": F("version") + 1, "changed_at": Now()}


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: Any) -> Self:
        """The jobs that this user may know of: their own."""
        return self.filter(owner=user)

    def unfinished(self) -> Self:
        """The jobs that wait or run, the newest first."""
        return self.filter(state__in=UNFINISHED).order_by("-created_at")

    def lost(self) -> Self:
        """Running jobs whose worker has gone silent."""
        return self.filter(state=State.RUNNING, heartbeat_at__lt=Now() - LEASE)

    def unresponsive(self) -> Self:
        """Running jobs whose heart has missed so many beats that something is wrong, but that are not lost yet."""
        return self.filter(state=State.RUNNING, heartbeat_at__lt=Now() - UNRESPONSIVE_AFTER)

    def running_on(self, cluster: str) -> Self:
        """The jobs that the processes of this cluster are at."""
        return self.filter(state=State.RUNNING, worker__startswith=f"{cluster}:")

    def changed_within(self, time: timedelta) -> Self:
        """The jobs that changed in the last so many seconds."""
        return self.filter(changed_at__gte=Now() - time)

    def claim_delivered(self, job_id: uuid.UUID | str, worker: str = "") -> "Job | None":
        """Start the next attempt of a queued job if no other owner has queued jobs. Return None otherwise.

        Also return None if a job of the owner has been queued for much longer, because its delivery may be lost.
        Unlike in `claim_next`, workers don't wait for each other, and the delivery needn't be exchanged.
        """
        database = connections[self.db]
        earliest, tolerance = self._compile(F("created_at") - MAX_OVERTAKING)
        key = self.model._meta.pk.get_db_prep_value(job_id, database)
        return self._claim(DELIVERED_IS_NEXT.format(earliest=earliest), worker, key, *tolerance)

    def claim_next(self, worker: str = "") -> "Job | None":
        """Start the next attempt of the queued job whose turn it is. Return None if no job is queued.

        The owner with the fewest running jobs comes first, then the oldest job. The attempt is counted before the task
        runs, so that a task that kills its worker is counted too.
        """
        while True:
            for lock in CLAIM_LOCKS.get(connections[self.db].vendor, ("",)):
                if job := self._claim(IS_NEXT.format(lock=lock), worker, running=RUNNING):
                    return job
            if not self.filter(state=State.QUEUED).exists():
                return None

    def _claim(self, condition: str, worker: str, *parameters: Any, running: str = "") -> "Job | None":
        now, _ = self._compile(Now())
        sql = CLAIM.format(now=now, condition=condition, running=running)
        claimed = list(self.raw(sql, [worker, *parameters]))  # to the end: SQLite commits when all rows are read
        return claimed[0] if claimed else None

    def _compile(self, expression: Any) -> tuple[str, Any]:
        """Return the SQL of this database for an expression, and its parameters."""
        return self.query.get_compiler(self.db).compile(expression.resolve_expression(self.query))

    def claimed_by(self, worker: str) -> "Job | None":
        """Return the running job of this worker process, which has one at most."""
        return self.filter(state=State.RUNNING, worker=worker).first()

    def await_delivery(self, job_id: uuid.UUID | str, claimed: "Job") -> None:
        """Let a queued job, whose delivery has started another job, wait for the delivery of that job instead.

        It takes over the time of that delivery, so that recovery notices a lost one as early as before.
        """
        self.filter(pk=job_id, state=State.QUEUED).update(delivered_at=claimed.delivered_at)

    def cancel(self) -> int:
        """Cancel those that wait, and ask those that run to stop; how many of them were unfinished.

        One statement, because a worker may claim a job, or give it back, at any moment.
        """
        waiting = Q(state=State.QUEUED)
        return self.filter(state__in=UNFINISHED).update(
            cancel_requested=True,
            state=Case(When(waiting, then=Value(State.CANCELLED)), default=F("state")),
            finished_at=Case(When(waiting, then=Now()), default=None),
            **changed(),
        )

    def retry(self) -> int:
        """Let those that failed or were cancelled wait again, with all their attempts; how many there were.

        The caller delivers them, in the same transaction.
        """
        return self.filter(state__in=RETRYABLE).update(
            state=State.QUEUED,
            attempt=0,
            cancel_requested=False,
            error_code="",
            error_message="",
            started_at=None,
            finished_at=None,
            delivered_at=timezone.now(),
            stage="",
            unit="",
            current=0,
            total=None,
            percent=None,
            eta_seconds=None,
            **changed(),
        )


class Job(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="jobs",
        db_index=False,  # other indexes begin with it, and each one makes every write longer
    )
    task = models.CharField(max_length=200)
    arguments = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    label = models.CharField(max_length=300)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)

    stage = models.CharField(max_length=200, blank=True)
    current = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True, blank=True)
    unit = models.CharField(max_length=50, blank=True)
    percent = models.PositiveSmallIntegerField(null=True, blank=True)
    eta_seconds = models.PositiveIntegerField(null=True, blank=True)

    attempt = models.PositiveIntegerField(default=0)
    claim = models.PositiveBigIntegerField(default=0, db_default=0, help_text="how often it was ever claimed")
    worker = models.CharField(
        max_length=300, blank=True, db_default="", help_text="who has claimed it: host:cluster:process"
    )
    max_attempts = models.PositiveIntegerField(default=1)
    version = models.PositiveBigIntegerField(default=1)
    cancel_requested = models.BooleanField(default=False)
    request_id = models.CharField(
        max_length=64, blank=True, db_default="", help_text="of the request that it was enqueued by"
    )
    result = models.JSONField(null=True, blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    error_message = models.TextField(blank=True)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    delivered_at = models.DateTimeField(
        default=timezone.now, db_default=Now(), help_text="when it was last put into the queue"
    )
    changed_at = models.DateTimeField(
        default=timezone.now, db_default=Now(), help_text="when its watchers were last shown a change"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="job_by_owner"),
            models.Index(fields=["state", "heartbeat_at"], condition=Q(state__in=UNFINISHED), name="job_unfinished"),
            models.Index(fields=["changed_at"], name="job_by_change"),
            # SQLite uses a partial index only for the very condition that it was made with.
            models.Index(fields=["owner", "created_at", "id"], condition=Q(state=State.QUEUED), name="job_queued"),
            models.Index(
                fields=["created_at", "id", "owner"], condition=Q(state=State.QUEUED), name="job_queued_by_age"
            ),
            models.Index(fields=["owner"], condition=Q(state=State.RUNNING), name="job_running"),
        ]
        constraints = [
            models.CheckConstraint(
                name="job_current_within_total", condition=Q(total=None) | Q(current__lte=F("total"))
            ),
            models.CheckConstraint(
                name="job_100_percent_is_success",
                condition=Q(state=State.SUCCEEDED, percent__isnull=False, percent=100)
                | (~Q(state=State.SUCCEEDED) & (Q(percent=None) | Q(percent__lt=100))),
            ),
            models.CheckConstraint(
                name="job_finished_has_a_time",
                condition=Q(state__in=UNFINISHED, finished_at=None)
                | (~Q(state__in=UNFINISHED) & Q(finished_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def get_absolute_url(self) -> str:
        return reverse("progress:detail", args=[self.pk])

    @property
    def api_url(self) -> str:
        return reverse("progress:api-detail", args=[self.pk])

    @property
    def is_finished(self) -> bool:
        return self.state not in UNFINISHED

    @property
    def can_be_cancelled(self) -> bool:
        return not self.is_finished and not self.cancel_requested

    @property
    def is_retryable(self) -> bool:
        """Whether another attempt may succeed. A task has failed for good, by TaskError, if the code is its own."""
        return self.state == State.CANCELLED or (self.state == State.FAILED and self.error_code in TEMPORARY_ERRORS)

    @property
    def headline(self) -> str:
        """What is going on, in a few words; the bar's script says the same."""
        if self.cancel_requested and not self.is_finished:
            return "Stopping"
        match self.state:
            case State.QUEUED:
                return "Waiting to try again" if self.attempt else "Waiting"
            case State.RUNNING:
                return self.stage or "Starting"
            case State.SUCCEEDED:
                return "Done"
            case State.FAILED:
                return f"Failed: {self.error_message}"
        return "Cancelled"

    @property
    def has_expired(self) -> bool:
        """Whether the job has been finished for so long that its URL no longer answers."""
        return self.finished_at is not None and self.finished_at < timezone.now() - retention()


def retention() -> timedelta:
    """How long a finished job answers."""
    return getattr(settings, "PROGRESS_RETENTION", timedelta(hours=1))


def truncate(field: str, text: str) -> str:
    """The text as far as that column of a job takes it: a chatty or garbled task is no reason to lose its job."""
    longest = next(column.max_length for column in Job._meta.fields if column.name == field)
    text = text.replace("\0", "�").encode("utf-8", "replace").decode()
    return text if longest is None or len(text) <= longest else text[: longest - 1] + "…"


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self) -> Self:
        return self.filter(beaten_at__gte=Now() - WORKER_TIMEOUT)

    def record_heartbeat(self, name: str) -> None:
        """Note that this worker is there. A new one clears away those that ended more than a day ago."""
        if not self.filter(name=name).update(beaten_at=Now()):
            self.create(name=name, beaten_at=Now())
            self.filter(beaten_at__lt=Now() - timedelta(days=1)).delete()


class Worker(models.Model):
    """A cluster of worker processes, by its host and the process that guards it."""

    name = models.CharField(max_length=300, unique=True)
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    beaten_at = models.DateTimeField()

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_alive(self) -> bool:
        return Worker.objects.alive().filter(pk=self.pk).exists()

    @property
    def running(self) -> JobQuerySet:
        return Job.objects.running_on(self.name)
