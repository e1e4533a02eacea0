"""Job, the truth about a piece of background work, and Worker, who is there to do it.

State moves by guarded UPDATEs, never by read-then-save; the database refuses what can't be. Heartbeats are written and
judged by the database's clock, so that machines needn't agree on the time.
"""

import uuid
from datetime import timedelta
from typing import Any, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone

LEASE = timedelta(seconds=12)
"""A running job whose heart has not beaten for so long has lost its worker."""

WORKER_SILENCE = timedelta(seconds=30)
"""A worker that has not reported for so long is taken to be gone."""


class State(models.TextChoices):
    QUEUED = "queued", "waiting"
    RUNNING = "running", "running"
    SUCCEEDED = "succeeded", "done"
    FAILED = "failed", "failed"
    CANCELLED = "cancelled", "cancelled"


UNFINISHED = (State.QUEUED, State.RUNNING)


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: Any) -> Self:
        """The jobs that this user may know of: their own."""
        return self.filter(owner=user)

    def lost(self) -> Self:
        """Running jobs whose worker has gone silent."""
        return self.filter(state=State.RUNNING, heartbeat_at__lt=Now() - LEASE)

    def claim(self, job_id: uuid.UUID | str) -> "Job | None":
        """Start the next attempt at a waiting job; None when there is nothing to start.

        The attempt is counted before the task runs, so that one that kills its worker is counted too.
        """
        won = self.filter(pk=job_id, state=State.QUEUED).update(
            state=State.RUNNING,
            attempt=F("attempt") + 1,
            version=F("version") + 1,
            started_at=Now(),
            heartbeat_at=Now(),
            stage="",
            unit="",
            current=0,
            total=None,
            percent=None,
            eta_seconds=None,
        )
        return self.get(pk=job_id) if won else None


class Job(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="jobs")
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
    max_attempts = models.PositiveIntegerField(default=1)
    version = models.PositiveBigIntegerField(default=1)
    cancel_requested = models.BooleanField(default=False)
    result = models.JSONField(null=True, blank=True)
    error_code = models.CharField(max_length=100, blank=True)
    error_message = models.TextField(blank=True)

    created_at = models.DateTimeField(default=timezone.now, editable=False)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["owner", "-created_at"], name="job_by_owner"),
            models.Index(fields=["state", "heartbeat_at"], condition=Q(state__in=UNFINISHED), name="job_unfinished"),
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
    def headline(self) -> str:
        """What is going on, in a few words; the bar's script says the same."""
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
    def is_gone(self) -> bool:
        """Whether the job has been finished for so long that its URL no longer answers."""
        retention: timedelta = getattr(settings, "PROGRESS_RETENTION", timedelta(hours=1))
        return self.finished_at is not None and self.finished_at < timezone.now() - retention


def cut(field: str, text: str) -> str:
    """The text as far as that column of a job takes it: a chatty task is no reason to lose its job."""
    longest = next(column.max_length for column in Job._meta.fields if column.name == field)
    return text if longest is None or len(text) <= longest else text[: longest - 1] + "…"


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self) -> Self:
        return self.filter(beaten_at__gte=Now() - WORKER_SILENCE)

    def beat(self, name: str) -> None:
        """Note that this worker is there. A new one clears away those that ended more than a day ago."""
        if not self.filter(name=name).update(beaten_at=Now()):
            self.create(name=name, beaten_at=Now())
            self.filter(beaten_at__lt=Now() - timedelta(days=1)).delete()


class Worker(models.Model):
    """A cluster, by the process of it that takes jobs from the queue: "host:pid"."""

    name = models.CharField(max_length=300, unique=True)
    started_at = models.DateTimeField(default=timezone.now, editable=False)
    beaten_at = models.DateTimeField()

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
