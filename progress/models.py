"""Models of jobs and workers. A job's row is the only authority on its state.

State changes by guarded UPDATEs, never by read-then-save, and constraints reject impossible rows. Heartbeats are
written and compared by the database's clock, so that the clocks of machines may differ. Deliveries have the time of the
machine that made them; there a difference only delays recovery.

Each visible change increments `version` and sets `changed_at`. `attempt` is shown to users and starts at 0 again when
they retry. `claim` is never reset, so it identifies an attempt: writes of a running job match it.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.auth.models import User
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

LEASE = timedelta(seconds=14)
"""Age of the last heartbeat at which a running job is lost, so that another worker may run it."""

UNRESPONSIVE_AFTER = timedelta(seconds=8)
"""Age of the last heartbeat at which the worker process is killed, so that it has ended before LEASE is over."""

MAX_OVERTAKING = timedelta(seconds=10)
"""How much younger than its owner's oldest queued job a delivered job may be and still start first."""

WORKER_TIMEOUT = timedelta(seconds=30)
"""Age of the last heartbeat at which a worker is regarded as dead."""


class State(models.TextChoices):
    QUEUED = "queued", "waiting"
    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "done"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


UNFINISHED = (State.QUEUED, State.RUNNING)
LIST_ORDER = (State.RUNNING, State.QUEUED, State.FAILED)
"""The order of states in lists. The other states follow together."""

RETRYABLE = (State.FAILED, State.CANCELLED)
TEMPORARY_ERRORS = ("internal", "worker_lost", "time_limit")
"""Codes of errors that another attempt may not have. All other codes come from TaskError."""

CLAIM = """
    {running}
    UPDATE progress_job
    SET state = 'running', attempt = attempt + 1, claim = claim + 1, version = version + 1, worker = %s,
        started_at = {now}, heartbeat_at = {now}, changed_at = {now},
        stage = '', unit = '', current = 0, total = NULL, percent = NULL, eta_seconds = NULL
    WHERE state = 'queued' AND {condition}
    RETURNING *
"""
"""Raw SQL, because the ORM has no UPDATE … RETURNING."""

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
"""The first subquery selects the oldest job of the owners without running jobs. It skips older jobs of other owners, at
most MAX_QUEUED for each. The second subquery does one index lookup for each owner with running jobs, of whom there are
at most as many as worker processes. Concurrent claims skip each other's locked jobs; the condition that a job is its
owner's oldest keeps them from claiming two jobs of one owner."""

CLAIM_LOCKS = {"postgresql": ("FOR UPDATE OF oldest SKIP LOCKED", "FOR UPDATE OF oldest")}
"""Clauses that lock the selected row, in the order in which they are tried. SQLite has one writer and needs none."""


def changed() -> dict[str, Any]:
    """Return the values that every UPDATE with a visible change must set."""
    return {"version": F("version") + 1, "changed_at": Now()}


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: User) -> Self:
        """Filter by owner."""
        return self.filter(owner=user)

    def unfinished(self) -> Self:
        """Return the queued and running jobs, newest first."""
        return self.filter(state__in=UNFINISHED).order_by("-created_at")

    def not_expired(self) -> Self:
        """Leave out the jobs whose URL returns 410."""
        return self.filter(Q(finished_at=None) | Q(finished_at__gte=timezone.now() - retention_period()))

    def for_list(self) -> Self:
        """Order by state as in LIST_ORDER, with the number of the state as `rank`, then newest first."""
        ranks = [When(state=state, then=Value(rank)) for rank, state in enumerate(LIST_ORDER)]
        rank = Case(*ranks, default=Value(len(LIST_ORDER)), output_field=models.SmallIntegerField())
        return self.annotate(rank=rank).order_by("rank", "-created_at", "-id")

    def listed_after(self, rank: int, created_at: datetime, job_id: uuid.UUID) -> Self:
        """Return the jobs after this one in the order of `for_list`. It may have been deleted."""
        older = Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=job_id)
        return self.filter(Q(rank__gt=rank) | Q(older, rank=rank))

    def lost(self) -> Self:
        """Return the running jobs whose lease has expired."""
        return self.filter(state=State.RUNNING, heartbeat_at__lt=Now() - LEASE)

    def unresponsive(self) -> Self:
        """Return the running jobs with missed heartbeats, the lost ones included."""
        return self.filter(state=State.RUNNING, heartbeat_at__lt=Now() - UNRESPONSIVE_AFTER)

    def running_on(self, cluster: str) -> Self:
        """Return the jobs that are running in worker processes of this cluster."""
        return self.filter(state=State.RUNNING, worker__startswith=f"{cluster}:")

    def changed_within(self, time: timedelta) -> Self:
        """Return the jobs with a visible change in this period until now."""
        return self.filter(changed_at__gte=Now() - time)

    def claim_delivered(self, job_id: uuid.UUID | str, worker: str = "") -> "Job | None":
        """Start the next attempt of a queued job if no other owner has queued jobs. Return None otherwise.

        Also return None if the owner's oldest queued job is older by more than MAX_OVERTAKING, because its delivery may
        be lost. Unlike `claim_next`, this makes no worker wait for another, and starts the very job that was delivered.
        """
        database = connections[self.db]
        earliest, tolerance = self._compile(F("created_at") - MAX_OVERTAKING)
        key = self.model._meta.pk.get_db_prep_value(job_id, database)
        return self._claim(DELIVERED_IS_NEXT.format(earliest=earliest), worker, key, *tolerance)

    def claim_next(self, worker: str = "") -> "Job | None":
        """Start the next attempt of the queued job whose turn it is. Return None if no job is queued.

        The owner with the fewest running jobs comes first, then the oldest job. The attempt is counted before the task
        runs, so that a task that kills its worker can't be tried forever.
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
        claimed = list(self.raw(sql, [worker, *parameters]))  # complete, because SQLite commits after the last row
        return claimed[0] if claimed else None

    def _compile(self, expression: Any) -> tuple[str, Any]:
        """Return the SQL of this database for an expression, and its parameters."""
        sql, parameters = self.query.get_compiler(self.db).compile(expression.resolve_expression(self.query))
        return sql, parameters

    def claimed_by(self, worker: str) -> "Job | None":
        """Return the running job of this worker process, or None. It has one at most."""
        return self.filter(state=State.RUNNING, worker=worker).first()

    def await_delivery(self, job_id: uuid.UUID | str, claimed: "Job") -> None:
        """Record that the delivery of this queued job has started the job `claimed`, so that they swap deliveries.

        The queued job takes the time of that delivery, so that recovery detects a lost delivery as early as before.
        """
        self.filter(pk=job_id, state=State.QUEUED).update(delivered_at=claimed.delivered_at)

    def cancel(self) -> int:
        """Cancel queued jobs and request the cancellation of running ones. Return the number of both.

        It is one statement, because a worker may claim or requeue a job concurrently.
        """
        queued = Q(state=State.QUEUED)
        return self.filter(state__in=UNFINISHED).update(
            cancel_requested=True,
            state=Case(When(queued, then=Value(State.CANCELLED)), default=F("state")),
            finished_at=Case(When(queued, then=Now()), default=None),
            **changed(),
        )

    def retry(self) -> int:
        """Queue failed and cancelled jobs again, with all their attempts. Return their number.

        The caller must deliver them, in the same transaction.
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
        db_index=False,  # other indexes begin with it, and each index slows down writes
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
    claim = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="number of attempts, including those before retries"
    )
    worker = models.CharField(
        max_length=300, blank=True, db_default="", help_text="process that runs the job, or ran it last"
    )
    max_attempts = models.PositiveIntegerField(default=1)
    version = models.PositiveBigIntegerField(default=1)
    cancel_requested = models.BooleanField(default=False)
    request_id = models.CharField(
        max_length=64, blank=True, db_default="", help_text="id of the request that enqueued the job"
    )
    result = models.JSONField(null=True, blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    error_message = models.TextField(blank=True)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    delivered_at = models.DateTimeField(
        default=timezone.now, db_default=Now(), help_text="when the job was last put into the queue"
    )
    changed_at = models.DateTimeField(
        default=timezone.now, db_default=Now(), help_text="when the job last changed visibly"
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
            # SQLite uses a partial index only for queries with exactly its condition.
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
        """Whether another attempt may succeed. After a TaskError it can't."""
        return self.state == State.CANCELLED or (self.state == State.FAILED and self.error_code in TEMPORARY_ERRORS)

    @property
    def headline(self) -> str:
        """Return the state or stage for users. `progress-bar.js` has the same rules."""
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
    def list_rank(self) -> int:
        """Return the number of the job's state in the order of lists, which `for_list` calculates in the database."""
        return [*LIST_ORDER, self.state].index(self.state)

    @property
    def list_group(self) -> str:
        """Return the group of jobs that the job is listed in."""
        if self.state == State.FAILED:
            return "failed"
        return "done" if self.is_finished else "unfinished"

    @property
    def duration_seconds(self) -> int | None:
        """Return how long the last attempt took, or None if there is none that has finished."""
        if self.started_at is None or self.finished_at is None:
            return None
        return max(0, round((self.finished_at - self.started_at).total_seconds()))

    @property
    def has_expired(self) -> bool:
        """Whether the job finished so long ago that its URL returns 410."""
        return self.finished_at is not None and self.finished_at < timezone.now() - retention_period()


def retention_period() -> timedelta:
    """Return how long the URL of a finished job returns the job."""
    return getattr(settings, "PROGRESS_RETENTION", timedelta(hours=1))


def truncate(field: str, text: str) -> str:
    """Return the text as that column of a job can store it: valid Unicode without NUL, of at most its length."""
    max_length = next(column.max_length for column in Job._meta.fields if column.name == field)
    text = text.replace("\0", "�").encode("utf-8", "replace").decode()
    return text if max_length is None or len(text) <= max_length else text[: max_length - 1] + "…"


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self) -> Self:
        return self.filter(beaten_at__gte=Now() - WORKER_TIMEOUT)

    def record_heartbeat(self, name: str) -> None:
        """Record that this worker is running. A new worker also deletes workers without a heartbeat for a day."""
        if not self.filter(name=name).update(beaten_at=Now()):
            self.create(name=name, beaten_at=Now())
            self.filter(beaten_at__lt=Now() - timedelta(days=1)).delete()


class Worker(models.Model):
    """Cluster of worker processes, named after its host and its sentinel process."""

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
